import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildPages } from '#workers/supervisor/build.ts';

/** The pages are built once, before any factory starts: all factories serve the same ones. */
// biome-ignore lint/style/noDefaultExport: Playwright reads the default export
export default async function build(): Promise<void> {
  const logs = mkdtempSync(path.join(tmpdir(), 'mission-control-build-'));
  const never = new AbortController().signal;
  await buildPages(path.dirname(import.meta.dirname), path.join(logs, 'build.log'), () => {}, never);
  rmSync(logs, { recursive: true, force: true });
}
