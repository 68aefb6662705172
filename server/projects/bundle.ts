import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git } from '#server/platform/git.ts';
import { bareRepositoryOf } from './git.ts';

/** A larger repository does not belong into a download. */
const MAX_BYTES = 100_000_000;

/** A git bundle that holds this commit and its history; null when the repository is not on this machine or is too large. */
export async function bundleOf(
  home: string,
  projectId: string,
  taskId: number,
  commit: string,
): Promise<Uint8Array | null> {
  const gitDir = bareRepositoryOf(home, projectId);
  if (!/^[0-9a-f]{40,64}$/.test(commit) || !(await stat(gitDir).catch(() => null))) return null;
  const there = await git(['cat-file', '-e', `${commit}^{commit}`], { gitDir, ok: [1, 128] });
  if (there.code !== 0) return null;
  // Looked at before anything is written: whoever may read a task may ask for this.
  const { stdout } = await git(['rev-list', '--disk-usage', '--objects', commit], { gitDir });
  if (Number(stdout.trim()) > MAX_BYTES) return null;
  // The ref stays: what a proof speaks of must not be collected as garbage.
  const ref = `refs/alai/proof/${taskId}`;
  await git(['update-ref', ref, commit], { gitDir });
  const folder = await mkdtemp(join(tmpdir(), 'alai-bundle-'));
  try {
    const file = join(folder, 'source.bundle');
    await git(['bundle', 'create', '--quiet', file, ref], { gitDir });
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
