import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { IntegrationPlan, IntegrationResult } from '#server/domain/attempt.ts';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import type { IntegrateInput } from '#server/domain/seams.ts';
import { type GitOptions, git, gitLine } from '#server/platform/git.ts';
import { decideMerge } from './policy.ts';

/** How often the branch may move away under us before it is the machine's problem. */
const ROUNDS = 20;

/** Ends a reviewed task: brings exactly the reviewed change onto the project's branch, once, by compare-and-set. */
export async function integrate(i: IntegrateInput): Promise<IntegrationResult> {
  try {
    return await land(i);
  } finally {
    for (const ref of [trunkRef(i), mergeRef(i)])
      await git(['update-ref', '-d', ref], { gitDir: i.gitDir }).catch(() => {});
  }
}

/** Refs of this attempt alone: two slots of one host merge at the same time. */
const trunkRef = (i: IntegrateInput) => `refs/alai/trunk/${i.work.attemptId}`;
const mergeRef = (i: IntegrateInput) => `refs/alai/merges/${i.work.attemptId}`;

async function land(i: IntegrateInput): Promise<IntegrationResult> {
  const { work, ports, signal } = i;
  const branch = work.project.defaultBranch;
  const ref = `refs/heads/${branch}`;
  const o: GitOptions = { gitDir: i.gitDir, signal, ...(i.token ? { token: i.token } : {}) };

  const landed = await ports.landedIntegration();
  if (landed) {
    i.note(`This was merged before a restart, as ${landed.newSha.slice(0, 10)}.`);
    await fetchTrunk(i, o);
    return merged(landed, false, (await filesBetween(o, landed.oldSha, landed.newSha)).length);
  }

  let checkedTree = '';
  for (let round = 1; round <= ROUNDS; round++) {
    signal.throwIfAborted();
    const trunk = await fetchTrunk(i, o);
    const mergeBase = await gitLine(['merge-base', trunk, i.commit], o);
    const [mine, theirs] = await Promise.all([
      filesBetween(o, mergeBase, i.commit),
      filesBetween(o, mergeBase, trunk),
    ]);
    const decision = decideMerge({ reviewed: i.commit, trunk, mergeBase, mine, theirs });
    if (decision.kind === 'unchanged') return { result: 'unchanged' };

    let tree = await gitLine(['rev-parse', `${i.commit}^{tree}`], o);
    const rebased = decision.kind !== 'as-reviewed';
    if (rebased) {
      const rest = await rebase(i, o, { mergeBase, trunk });
      if (rest.conflicts.length > 0) {
        return {
          result: 'conflict',
          files: rest.conflicts,
          detail: `${branch} changed the same lines meanwhile`,
        };
      }
      tree = rest.tree;
      const samePatch = (await patchId(o, mergeBase, i.commit)) === (await patchId(o, trunk, tree));
      if (decision.kind === 'overlap' || !samePatch) {
        const newHead = await commitMerge(i, o, tree, trunk);
        await pushAttemptBranch(i, o, newHead);
        const what =
          decision.kind === 'overlap' ? decision.files.join(', ') : 'the patch is not the same any more';
        return { result: 'moved', detail: `${branch} moved and touched the same files: ${what}`, newHead };
      }
      if (checkedTree !== tree) {
        i.note(`${branch} moved in other files; the gates run again on the rebased tree.`);
        const failure = await inWorktree(i, o, tree, (root) => i.recheck(root, tree));
        if (failure !== null) {
          return {
            result: 'conflict',
            files: [],
            detail: `the gates fail on top of the moved ${branch}: ${failure}`,
          };
        }
        checkedTree = tree;
      }
    }

    const newSha = await commitMerge(i, o, tree, trunk);
    const plan: IntegrationPlan = { oldSha: trunk, newSha, branch };
    const { effectId } = await ports.planIntegration(plan);
    signal.throwIfAborted();
    if ((await remoteHead(i, o, ref)) !== trunk) {
      await ports.settleIntegration(effectId, 'refused');
      i.note(`${branch} moved while waiting for its turn; looking again.`);
      continue;
    }
    const outcome = await pushTrunk(i, o, plan, ref);
    await ports.settleIntegration(effectId, outcome);
    if (outcome === 'done') {
      i.note(`Merged into ${branch} as ${newSha.slice(0, 10)}.`);
      return merged(plan, rebased, mine.length);
    }
    i.note(`${branch} moved in the last moment; looking again.`);
  }
  throw new AlaiError(
    'GIT_FAILED',
    `${branch} moved ${ROUNDS} times while this was being merged`,
    'It is tried again.',
    {
      transient: true,
    },
  );
}

const merged = (p: IntegrationPlan, rebased: boolean, files: number): IntegrationResult => ({
  result: 'merged',
  oldSha: p.oldSha,
  newSha: p.newSha,
  rebased,
  files,
});

async function fetchTrunk(i: IntegrateInput, o: GitOptions): Promise<string> {
  const { repositoryUrl, defaultBranch } = i.work.project;
  const local = trunkRef(i);
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'];
  await git([...args, repositoryUrl, `+refs/heads/${defaultBranch}:${local}`], o);
  return gitLine(['rev-parse', local], o);
}

async function remoteHead(i: IntegrateInput, o: GitOptions, ref: string): Promise<string> {
  return (await gitLine(['ls-remote', i.work.project.repositoryUrl, ref], o)).split(/\s/)[0] ?? '';
}

async function filesBetween(o: GitOptions, from: string, to: string): Promise<string[]> {
  const { stdout } = await git(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to], o);
  return stdout.split('\0').filter((p) => p !== '');
}

/** Equal for the same change on different bases. */
async function patchId(o: GitOptions, from: string, to: string): Promise<string> {
  const diff = [
    'diff',
    '--binary',
    '--full-index',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--no-color',
  ];
  const { stdout } = await git([...diff, from, to], o);
  return (await gitLine(['patch-id', '--stable'], { ...o, input: stdout })).split(' ')[0] ?? '';
}

/** A three-way merge in a private index and folder: works with every git, and touches no branch. */
async function rebase(
  i: IntegrateInput,
  o: GitOptions,
  at: { mergeBase: string; trunk: string },
): Promise<{ tree: string; conflicts: string[] }> {
  const dir = await mkdtemp(join(i.tmpDir, 'merge-'));
  const work: GitOptions = { ...o, workTree: join(dir), cwd: dir, index: `${dir}.index` };
  try {
    await git(['read-tree', '-i', '-m', '--aggressive', at.mergeBase, at.trunk, i.commit], work);
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

async function inWorktree<T>(
  i: IntegrateInput,
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

/** One commit per accepted deliverable, so that it can be reverted as one. Its tree is the reviewed or rechecked one. */
async function commitMerge(i: IntegrateInput, o: GitOptions, tree: string, trunk: string): Promise<string> {
  const { task } = i.work;
  const when = i.ports.now().toISOString();
  const env = {
    GIT_AUTHOR_NAME: `ALAI ${task.company}`,
    GIT_AUTHOR_EMAIL: `${task.company.toLowerCase().replace(/[^a-z0-9]+/g, '-')}@alai.invalid`,
    GIT_COMMITTER_NAME: 'ALAI Mission Control',
    GIT_COMMITTER_EMAIL: 'factory@alai.invalid',
    GIT_AUTHOR_DATE: when,
    GIT_COMMITTER_DATE: when,
  };
  const message = `Merge #${task.rootTaskId ?? task.id}: ${task.title}\n\nAccepted by task #${task.id}, attempt ${i.work.n}.\n`;
  const sha = await gitLine(['commit-tree', tree, '-p', trunk, '-p', i.commit, '-F', '-'], {
    ...o,
    env,
    input: message,
  });
  await git(['update-ref', mergeRef(i), sha], o);
  return sha;
}

async function pushAttemptBranch(i: IntegrateInput, o: GitOptions, sha: string): Promise<void> {
  const branch = `minion/${i.work.task.id}-${i.work.n}`;
  await git(['push', '--quiet', '--force', i.work.project.repositoryUrl, `${sha}:refs/heads/${branch}`], o);
}

/** Compare-and-set. When the answer is lost, the branch itself says what happened. */
async function pushTrunk(
  i: IntegrateInput,
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

async function reached(i: IntegrateInput, o: GitOptions, p: IntegrationPlan): Promise<boolean> {
  const trunk = await fetchTrunk(i, o);
  return (await git(['merge-base', '--is-ancestor', p.newSha, trunk], { ...o, ok: [1] })).code === 0;
}
