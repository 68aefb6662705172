import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NPM_REGISTRY } from '#server/domain/lockfile.ts';

/** The registry the operator's own npm is set to, as an address that ends with a slash; the public one when npm does not say. */
export async function npmRegistry(): Promise<string> {
  const said = await promisify(execFile)('npm', ['config', 'get', 'registry'], { timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
  if (!/^https?:\/\/[^\s@]+$/.test(said)) return NPM_REGISTRY;
  return said.endsWith('/') ? said : `${said}/`;
}
