import { lstat, readlink, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { dirname, join as joinPath } from 'node:path/posix';
import { block, type Check, lines, notApplicable, pass, READ_ONLY } from './check.ts';

/** Why a link leads out of the repository, or null. */
async function leaves(root: string, path: string): Promise<string | null> {
  const full = join(root, path);
  if (!(await lstat(full).catch(() => null))?.isSymbolicLink()) return null;
  const target = await readlink(full);
  const said = `${path} is a link to ${target}, outside of the repository`;
  if (isAbsolute(target) || /^\.\.(?:\/|$)/.test(joinPath(dirname(path), target))) return said;
  // A link through another link may still lead out.
  const [at, top] = await Promise.all([realpath(full).catch(() => null), realpath(root)]);
  return at !== null && at !== top && !at.startsWith(top + sep) ? said : null;
}

/** 2: every changed path is one this task may change, and no link leads out of the repository. */
export const paths: Check = async ({ writes, root, changes, outside }) => {
  if (!writes) {
    if (changes.length === 0) return notApplicable(READ_ONLY);
    return block('A read-only task changed files.', lines(changes.map((c) => c.path)));
  }
  const wrong = changes.map((c) => outside(c.path)).filter((why) => why !== null);
  if (wrong.length > 0)
    return block(`${wrong.length} path(s) outside of what this task may change: ${wrong[0]}`, lines(wrong));
  const links: string[] = [];
  for (const { path } of changes.filter((c) => c.status !== 'D')) {
    const why = await leaves(root, path);
    if (why) links.push(why);
  }
  if (links.length > 0) return block(`${links.length} link(s) lead out: ${links[0]}`, lines(links));
  return pass(`${changes.length} path(s), all allowed`);
};
