import { chmod, readdir, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AlaiError } from '#server/domain/errors.ts';

/** Folders and turns of a host's workspaces. */

const TRIES = 3;
const locks = new Map<string, Promise<unknown>>();

/** Runs one after the other per clone: two fetches at once fight over refs. */
export async function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = locks.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  const settled = mine.catch(() => {});
  locks.set(key, settled);
  try {
    return await mine;
  } finally {
    if (locks.get(key) === settled) locks.delete(key);
  }
}

/** Repeats what talks to the repository server while it fails in ways that pass. */
export async function retrying<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await call();
    } catch (e) {
      const transient = e instanceof AlaiError && e.data.transient === true;
      if (!transient || n >= TRIES) throw e;
      await sleep(300 * 2 ** n, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/**
 * A repository made by the agent inside the worktree would be read by our git, with a configuration the agent wrote.
 * It is removed before git looks; links are never followed.
 */
export async function dropNestedRepositories(dir: string): Promise<void> {
  for (const e of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = join(dir, e.name);
    if (/^(\.git|git~\d+)[ .]*$/i.test(e.name.normalize('NFKC')))
      await rm(path, { recursive: true, force: true });
    else if (e.isDirectory() && e.name !== 'node_modules') await dropNestedRepositories(path);
  }
}

/** Removes a folder of ours, never anything a link in it points at, never anything outside the host's home. */
export async function removeTree(dir: string, hostDir: string): Promise<void> {
  const inside = relative(hostDir, dir);
  if (inside === '' || inside.startsWith('..') || !inside.includes(sep)) {
    throw new AlaiError(
      'INTERNAL',
      `refusing to remove ${dir}`,
      'This is a fault of ours; please report it.',
    );
  }
  try {
    await rm(dir, { recursive: true, force: true });
  } catch (e) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes((e as NodeJS.ErrnoException).code ?? '')) throw e;
    // A command took away the right to enter its folders.
    await unlock(dir);
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function unlock(dir: string): Promise<void> {
  await chmod(dir, 0o700);
  for (const e of await readdir(dir, { withFileTypes: true })) {
    if (e.isDirectory()) await unlock(join(dir, e.name));
  }
}
