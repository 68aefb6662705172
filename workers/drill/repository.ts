import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { git, gitLine } from '#server/platform/git.ts';

const WHO = ['-c', 'user.name=ALAI drill', '-c', 'user.email=drill@alai.invalid'];

/** A bare repository with these states as commits one after the other; answers their ids. */
export async function makeRepository(
  root: string,
  states: Record<string, string>[],
): Promise<{ bare: string; commits: string[] }> {
  const work = path.join(root, 'source');
  const o = { gitDir: path.join(work, '.git'), workTree: work };
  await mkdir(work, { recursive: true });
  await git(['init', '-q', '--initial-branch=main', work]);
  const commits: string[] = [];
  for (const files of states) {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(work, file)), { recursive: true });
      await writeFile(path.join(work, file), text);
    }
    await git(['add', '-A'], o);
    await git([...WHO, 'commit', '-qm', `State ${commits.length + 1}`], o);
    commits.push(await gitLine(['rev-parse', 'HEAD'], o));
  }
  const bare = path.join(root, 'project.git');
  await git(['clone', '-q', '--bare', work, bare]);
  // The default branch is the state before the change; the change is only reachable as a commit.
  await git(['update-ref', 'refs/heads/change', commits.at(-1) ?? ''], { gitDir: bare });
  await git(['update-ref', 'refs/heads/main', commits[0] ?? ''], { gitDir: bare });
  return { bare, commits };
}
