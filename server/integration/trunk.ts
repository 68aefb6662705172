import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { IntegrationPlan } from '#server/domain/attempt.ts';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import type { IntegrateInput } from '#server/domain/seams.ts';
import { type GitOptions, git, gitLine } from '#server/platform/git.ts';

/** What touches the project's branch: looked at, merged in private folders, and moved by compare-and-set. */
export type Landing = Omit<IntegrateInput, 'commit'>;

/** Refs of this attempt alone: two slots of one host merge at the same time. */
export const trunkRef = (i: Landing) => `refs/alai/trunk/${i.work.attemptId}`;
export const mergeRef = (i: Landing) => `refs/alai/merges/${i.work.attemptId}`;

/** How this attempt reaches the repository. */
export const optionsOf = (i: Landing): GitOptions => ({
  gitDir: i.gitDir,
  signal: i.signal,
  ...(i.token ? { token: i.token } : {}),
});

/** Logs the move of the branch, makes it, and writes how it ended. False when the branch had moved on: look again. */
export async function moveTrunk(i: Landing, o: GitOptions, plan: IntegrationPlan): Promise<boolean> {
  const ref = `refs/heads/${plan.branch}`;
  const { effectId } = await i.ports.planIntegration(plan);
  i.signal.throwIfAborted();
  if ((await remoteHead(i, o, ref)) !== plan.oldSha) {
    await i.ports.settleIntegration(effectId, 'refused');
    i.note(`${plan.branch} moved while waiting for its turn; looking again.`);
    return false;
  }
  const outcome = await pushTrunk(i, o, plan, ref);
  await i.ports.settleIntegration(effectId, outcome);
  if (outcome === 'done') return true;
  i.note(`${plan.branch} moved in the last moment; looking again.`);
  return false;
}

/** How often the branch may move away under us before it is the machine's problem. */
const ROUNDS = 20;

/** Tries until the branch stands still for long enough: `round` answers null when it has to be done again. */
export async function untilItStands<T>(i: Landing, round: () => Promise<T | null>): Promise<T> {
  for (let n = 1; n <= ROUNDS; n++) {
    i.signal.throwIfAborted();
    const done = await round();
    if (done !== null) return done;
  }
  throw new AlaiError(
    'GIT_FAILED',
    `${i.work.project.defaultBranch} moved ${ROUNDS} times while this was being merged`,
    'It is tried again.',
    { transient: true },
  );
}

/** Whom a commit of the factory names: the company that worked, and the factory that wrote it. */
export function identity(i: Landing): Record<string, string> {
  const { company } = i.work.task;
  const when = i.ports.now().toISOString();
  return {
    GIT_AUTHOR_NAME: `ALAI ${company}`,
    GIT_AUTHOR_EMAIL: `${company.toLowerCase().replace(/[^a-z0-9]+/g, '-')}@alai.invalid`,
    GIT_COMMITTER_NAME: 'ALAI Mission Control',
    GIT_COMMITTER_EMAIL: 'factory@alai.invalid',
    GIT_AUTHOR_DATE: when,
    GIT_COMMITTER_DATE: when,
  };
}

export async function fetchTrunk(i: Landing, o: GitOptions): Promise<string> {
  const { repositoryUrl, defaultBranch } = i.work.project;
  const local = trunkRef(i);
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'];
  await git([...args, repositoryUrl, `+refs/heads/${defaultBranch}:${local}`], o);
  return gitLine(['rev-parse', local], o);
}

export async function remoteHead(i: Landing, o: GitOptions, ref: string): Promise<string> {
  return (await gitLine(['ls-remote', i.work.project.repositoryUrl, ref], o)).split(/\s/)[0] ?? '';
}

export async function filesBetween(o: GitOptions, from: string, to: string): Promise<string[]> {
  const { stdout } = await git(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to], o);
  return stdout.split('\0').filter((p) => p !== '');
}

/** A three-way merge in a private index and folder: works with every git, and touches no branch. */
export async function threeWay(
  i: Landing,
  o: GitOptions,
  at: { base: string; ours: string; theirs: string },
): Promise<{ tree: string; conflicts: string[] }> {
  const dir = await mkdtemp(join(i.tmpDir, 'merge-'));
  const work: GitOptions = { ...o, workTree: join(dir), cwd: dir, index: `${dir}.index` };
  try {
    await git(['read-tree', '-i', '-m', '--aggressive', at.base, at.ours, at.theirs], work);
    await git(['merge-index', '-o', '-q', 'git-merge-one-file', '-a'], { ...work, ok: [1, 128] });
    const left = await git(['ls-files', '--unmerged', '-z'], work);
    const conflicts = [
      ...new Set(
        left.stdout
          .split('\0')
          .filter(Boolean)
          .map((l) => l.split('\t')[1] ?? ''),
      ),
    ];
    if (conflicts.length > 0) return { tree: '', conflicts };
    return { tree: await gitLine(['write-tree'], work), conflicts: [] };
  } finally {
    await rm(dir, { recursive: true, force: true });
    await rm(`${dir}.index`, { force: true });
  }
}

/** Lays a tree out in a folder that is gone afterwards. */
export async function inWorktree<T>(
  i: Landing,
  o: GitOptions,
  tree: string,
  use: (root: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(i.tmpDir, 'recheck-'));
  const work: GitOptions = { ...o, workTree: dir, cwd: dir, index: `${dir}.index` };
  try {
    await git(['read-tree', tree], work);
    await git(['checkout-index', '--all', '--force', '--quiet'], work);
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
    await rm(`${dir}.index`, { force: true });
  }
}

/** Compare-and-set. When the answer is lost, the branch itself says what happened. */
async function pushTrunk(
  i: Landing,
  o: GitOptions,
  p: IntegrationPlan,
  ref: string,
): Promise<'done' | 'refused'> {
  try {
    const lease = `--force-with-lease=${ref}:${p.oldSha}`;
    await git(['push', '--quiet', lease, i.work.project.repositoryUrl, `${p.newSha}:${ref}`], o);
    return 'done';
  } catch (e) {
    if (!isAlaiError(e) || e.code !== 'GIT_FAILED') throw e;
    const now = await remoteHead(i, o, ref);
    if (now === p.newSha) return 'done';
    if (now !== p.oldSha) return (await reached(i, o, p)) ? 'done' : 'refused';
    if (/stale info|rejected|fetch first|cannot lock ref/i.test(e.message)) return 'refused';
    throw e;
  }
}

async function reached(i: Landing, o: GitOptions, p: IntegrationPlan): Promise<boolean> {
  const trunk = await fetchTrunk(i, o);
  return (await git(['merge-base', '--is-ancestor', p.newSha, trunk], { ...o, ok: [1] })).code === 0;
}
