import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { matchesGlob } from '#server/domain/role-rules.ts';

/** More mounts than this make each command slow; what is left over is still refused in the finished diff. */
const MAX_PLACES = 200;
const MAX_LOOKS = 20_000;
const SKIP = new Set(['node_modules', '.next']);
/** Stands for any name: a folder in which every name is forbidden is protected as a whole. */
const ANY = '\u0001';

/**
 * The files and folders of a worktree that forbidden globs name and that exist, for the sandbox to mount read-only.
 * A folder whose whole content is forbidden is one place, so that nothing new can be made in it either. Links are left
 * to the tool layer: mounting over one would name what it points at.
 */
export async function protectedPaths(root: string, globs: string[]): Promise<string[]> {
  if (globs.length === 0) return [];
  const found: string[] = [];
  const forbids = (path: string) => globs.some((g) => matchesGlob(path, g, 'fold'));
  const whole = (path: string) =>
    globs.some(
      (g) => matchesGlob(`${path}/${ANY}`, g, 'fold') && matchesGlob(`${path}/${ANY}/${ANY}`, g, 'fold'),
    );
  let looks = 0;
  const walk = async (dir: string, at: string): Promise<void> => {
    for (const e of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
      if (found.length >= MAX_PLACES || ++looks > MAX_LOOKS) return;
      const path = at === '' ? e.name : `${at}/${e.name}`;
      if (e.isDirectory()) {
        if (whole(path)) found.push(path);
        else if (!SKIP.has(e.name)) await walk(join(dir, e.name), path);
      } else if (e.isFile() && forbids(path)) found.push(path);
    }
  };
  await walk(root, '');
  return found;
}
