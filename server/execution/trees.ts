import { mkdir, rm } from 'node:fs/promises';
import { type GitOptions, git, gitLine } from '#server/platform/git.ts';

/** States of a repository laid out for the checks, each with an index of its own. */

/** A file as a commit or tree has it, or null. */
export async function fileAt(gitDir: string, tree: string, path: string): Promise<string | null> {
  const r = await git(['cat-file', 'blob', `${tree}:${path}`], { gitDir, ok: [128] });
  return r.code === 0 ? r.stdout : null;
}

/** A tree like `from`, with only these paths as `tree` has them. */
export async function treeWith(o: {
  gitDir: string;
  index: string;
  from: string;
  tree: string;
  paths: string[];
}): Promise<string> {
  const own: GitOptions = { gitDir: o.gitDir, index: o.index };
  try {
    await git(['read-tree', o.from], own);
    if (o.paths.length > 0) {
      const { stdout } = await git(['ls-tree', '-r', '-z', o.tree, '--', ...o.paths], { gitDir: o.gitDir });
      await git(['update-index', '-z', '--index-info'], { ...own, input: stdout });
    }
    return await gitLine(['write-tree'], own);
  } finally {
    await rm(o.index, { force: true });
  }
}

/** Writes a tree into an empty folder. */
export async function layOut(o: {
  gitDir: string;
  index: string;
  tree: string;
  place: string;
}): Promise<void> {
  await mkdir(o.place, { recursive: true });
  const own: GitOptions = { gitDir: o.gitDir, workTree: o.place, index: o.index, cwd: o.place };
  try {
    await git(['read-tree', o.tree], own);
    await git(['checkout-index', '--all', '--force', '--quiet'], own);
  } finally {
    await rm(o.index, { force: true });
  }
}
