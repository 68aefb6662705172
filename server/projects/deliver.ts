import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAcceptBranch } from '#server/domain/merge.ts';
import { git, gitLine, inFolder } from '#server/platform/git.ts';

/** What became of accepted work in the operator's own folder. */
export type Delivery =
  | { result: 'fast-forwarded'; branch: string; sha: string }
  /** His branch or files are in use or went another way, so the work waits under a branch of ours. */
  | { result: 'branch'; branch: string; sha: string; reason: string }
  | { result: 'unchanged' }
  | { result: 'gone'; reason: string };

/**
 * Brings the project's branch back to the folder it came from. Forward only, and only where nothing of the operator's is
 * touched; otherwise `alai/<branch>` is updated and he merges when he likes.
 */
export async function deliver(d: {
  path: string;
  bareRepository: string;
  branch: string;
}): Promise<Delivery> {
  if (!(await stat(join(d.path, '.git')).catch(() => null))) {
    return { result: 'gone', reason: `${d.path} is no git repository any more` };
  }
  const gitDir = await gitLine(['rev-parse', '--absolute-git-dir'], { cwd: d.path });
  const o = await inFolder({ gitDir, workTree: d.path, cwd: d.path });
  const sha = await gitLine(['rev-parse', `refs/heads/${d.branch}`], { gitDir: d.bareRepository });
  await git(
    ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', d.bareRepository, `refs/heads/${d.branch}`],
    o,
  );

  const current = (
    await git(['symbolic-ref', '--quiet', '--short', 'HEAD'], { ...o, ok: [1] })
  ).stdout.trim();
  const local = await git(['rev-parse', '--verify', '--quiet', `refs/heads/${d.branch}`], {
    ...o,
    ok: [1, 128],
  });
  const mine = local.stdout.trim();
  if (mine === sha) return { result: 'unchanged' };
  const behind =
    mine !== '' && (await git(['merge-base', '--is-ancestor', mine, sha], { ...o, ok: [1] })).code === 0;

  let reason = '';
  if (isAcceptBranch(d.branch)) reason = 'it waits for a pull request';
  else if (!behind) reason = `${d.branch} there holds commits of its own`;
  else if (current !== d.branch) reason = `the folder is on ${current || 'no branch'}`;
  else if (
    (
      await git(['status', '--porcelain', '--untracked-files=normal', '--ignore-submodules=all'], o)
    ).stdout.trim() !== ''
  ) {
    reason = 'the folder has uncommitted changes';
  } else {
    // git itself refuses to overwrite what changed since we looked, ignored files in the way included.
    const merge = await git(['merge', '--ff-only', '--quiet', '--no-overwrite-ignore', sha], {
      ...o,
      ok: [1, 128],
    });
    if (merge.code === 0) return { result: 'fast-forwarded', branch: d.branch, sha };
    reason = merge.stderr.trim().split('\n')[0] ?? 'git refused';
  }
  const ours = isAcceptBranch(d.branch) ? d.branch : `alai/${d.branch}`;
  if (current === ours)
    return { result: 'branch', branch: ours, sha, reason: `${reason}; ${ours} is checked out there` };
  await git(['update-ref', `refs/heads/${ours}`, sha], o);
  return { result: 'branch', branch: ours, sha, reason };
}

/** Brings one branch of the factory's into the folder, beside what the operator has; false where the folder is gone. */
export async function bringBranch(d: {
  path: string;
  bareRepository: string;
  branch: string;
}): Promise<boolean> {
  if (!(await stat(join(d.path, '.git')).catch(() => null))) return false;
  const gitDir = await gitLine(['rev-parse', '--absolute-git-dir'], { cwd: d.path });
  const o = await inFolder({ gitDir, workTree: d.path, cwd: d.path });
  const ref = `refs/heads/${d.branch}`;
  // Git refuses a branch that is checked out, and without a + one that went another way.
  const r = await git(
    ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', d.bareRepository, `${ref}:${ref}`],
    { ...o, ok: [1, 128] },
  );
  return r.code === 0;
}
