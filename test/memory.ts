import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';

/** What the databases and temporary folders of a run may need, several times over. */
const ROOM = 2 * 1024 ** 3;

/**
 * A folder of this checkout's runs in memory: tests make and remove files by the hundred thousand. Null where the
 * system has no room for one, as in most containers. Its name is short, because sockets lie below it.
 */
export function folderInMemory(): string | null {
  try {
    accessSync('/dev/shm', constants.W_OK);
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize < ROOM) return null;
  } catch {
    return null;
  }
  return `/dev/shm/alai-${createHash('sha256').update(path.resolve()).digest('hex').slice(0, 8)}`;
}

/** Where temporary files of the tests go, as variables of their processes. */
export function temporary(memory: string | null): Record<string, string> {
  return memory ? { TMPDIR: path.join(memory, 'tmp') } : {};
}

export function makeFolder(memory: string | null): void {
  if (memory) mkdirSync(path.join(memory, 'tmp'), { recursive: true });
}

export function removeFolder(memory: string | null): void {
  if (memory) rmSync(memory, { recursive: true, force: true });
}
