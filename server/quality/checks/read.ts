import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** More than this of one file is not looked at. */
const MAX_BYTES = 2_000_000;

/**
 * The text of a regular file of the worktree; null for anything else. The checks run on the host, where a link, a pipe
 * or a file without end that somebody put into the tree would be followed.
 */
export async function readRegular(root: string, path: string, max = MAX_BYTES): Promise<string | null> {
  const full = join(root, path);
  try {
    if (!(await lstat(full)).isFile()) return null;
    const [folder, top] = await Promise.all([realpath(dirname(full)), realpath(root)]);
    if (folder !== top && !folder.startsWith(top + sep)) return null;
    const file = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const at = await file.stat();
      if (!at.isFile() || at.size > max) return null;
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
