import { lstat } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { type GateOf, verdict } from './gate.ts';

/** The file is there, is a file, and holds something. */
export const fileExists: GateOf<'file_exists'> = async (spec, { root }) => {
  const path = normalize(spec.path);
  if (path.startsWith('..') || path.startsWith('/'))
    return verdict(false, `${spec.path} is outside the repository`);
  const at = await lstat(join(root, path)).catch(() => null);
  if (!at) return verdict(false, `${spec.path} does not exist`);
  if (!at.isFile()) return verdict(false, `${spec.path} is not a file`);
  return at.size > 0
    ? verdict(true, `${spec.path} exists (${at.size} bytes)`)
    : verdict(false, `${spec.path} is empty`);
};
