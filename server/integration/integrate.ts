import type { IntegrationPlan, IntegrationResult } from '#server/domain/attempt.ts';
import { acceptBranch } from '#server/domain/merge.ts';
import type { IntegrateInput } from '#server/domain/seams.ts';
import { type GitOptions, git, gitLine } from '#server/platform/git.ts';
import { decideMerge } from './policy.ts';
import { revert } from './revert.ts';
import {
  fetchTrunk,
  filesBetween,
  identity,
  inWorktree,
  mergeRef,
  moveTrunk,
  optionsOf,
  remoteHead,
  threeWay,
  trunkRef,
  untilItStands,
} from './trunk.ts';

/**
 * Ends a reviewed task: brings exactly the reviewed change onto the project's branch, once, by compare-and-set; or takes
 * back one that is there, where the task is a revert.
 */
export async function integrate(i: IntegrateInput): Promise<IntegrationResult> {
  try {
    return i.work.reverts ? await revert(i, i.work.reverts) : await land(i);
  } finally {
    for (const ref of [trunkRef(i), mergeRef(i)])
      await git(['update-ref', '-d', ref], { gitDir: i.gitDir }).catch(() => {});
  }
}

async function land(i: IntegrateInput): Promise<IntegrationResult> {
  const { work, ports } = i;
  const branch = work.project.defaultBranch;
  const o = optionsOf(i);

  const landed = await ports.landedIntegration();
  if (landed) {
    i.note(`This was merged before a restart, as ${landed.newSha.slice(0, 10)}.`);
    await fetchTrunk(i, o);
    return merged(landed, false, (await filesBetween(o, landed.oldSha, landed.newSha)).length);
  }

  let checkedTree = '';
  return await untilItStands(i, async () => {
    const trunk = await fetchTrunk(i, o);
    const mergeBase = await gitLine(['merge-base', trunk, i.commit], o);
    const [mine, theirs] = await Promise.all([
      filesBetween(o, mergeBase, i.commit),
      filesBetween(o, mergeBase, trunk),
    ]);
    const decision = decideMerge({ reviewed: i.commit, trunk, mergeBase, mine, theirs });
    if (decision.kind === 'unchanged') return { result: 'unchanged' };
    if (work.project.merge === 'branch')
      return await leaveOnBranch(i, o, { mergeBase, trunk, files: mine.length });

    let tree = await gitLine(['rev-parse', `${i.commit}^{tree}`], o);
    const rebased = decision.kind !== 'as-reviewed';
    if (rebased) {
      const rest = await threeWay(i, o, { base: mergeBase, ours: trunk, theirs: i.commit });
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

    const straight = !rebased && work.project.merge === 'fast-forward';
    const newSha = straight ? i.commit : await commitMerge(i, o, tree, trunk);
    const plan: IntegrationPlan = { oldSha: trunk, newSha, branch };
    if (!(await moveTrunk(i, o, plan))) return null;
    i.note(`Merged into ${branch} as ${newSha.slice(0, 10)}.`);
    return merged(plan, rebased, mine.length);
  });
}

const merged = (p: IntegrationPlan, rebased: boolean, files: number) => ({
  result: 'merged' as const,
  oldSha: p.oldSha,
  newSha: p.newSha,
  rebased,
  files,
});

/** Accepted work that waits for a pull request: pushed as it was reviewed, and told now where it would conflict. */
async function leaveOnBranch(
  i: IntegrateInput,
  o: GitOptions,
  at: { mergeBase: string; trunk: string; files: number },
): Promise<IntegrationResult> {
  const { work } = i;
  const trial = await threeWay(i, o, { base: at.mergeBase, ours: at.trunk, theirs: i.commit });
  if (trial.conflicts.length > 0)
    return {
      result: 'conflict',
      files: trial.conflicts,
      detail: `${work.project.defaultBranch} changed the same lines meanwhile`,
    };
  const branch = acceptBranch(work.task.rootTaskId ?? work.task.id);
  const ref = `refs/heads/${branch}`;
  const plan: IntegrationPlan = { oldSha: at.mergeBase, newSha: i.commit, branch };
  const { effectId } = await i.ports.planIntegration(plan);
  i.signal.throwIfAborted();
  const expected = await remoteHead(i, o, ref);
  const lease = `--force-with-lease=${ref}:${expected}`;
  await git(['push', '--quiet', lease, work.project.repositoryUrl, `${i.commit}:${ref}`], o);
  await i.ports.settleIntegration(effectId, 'done');
  i.note(`Not merged: it waits on ${branch} for a pull request.`);
  return { ...merged(plan, false, at.files), branch };
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

/** One commit per accepted deliverable, so that it can be reverted as one. Its tree is the reviewed or rechecked one. */
async function commitMerge(i: IntegrateInput, o: GitOptions, tree: string, trunk: string): Promise<string> {
  const { task } = i.work;
  const message = `Merge #${task.rootTaskId ?? task.id}: ${task.rootTitle ?? task.title}\n\nAccepted by task #${task.id}, attempt ${i.work.n}.\n`;
  const sha = await gitLine(['commit-tree', tree, '-p', trunk, '-p', i.commit, '-F', '-'], {
    ...o,
    env: identity(i),
    input: message,
  });
  await git(['update-ref', mergeRef(i), sha], o);
  return sha;
}

async function pushAttemptBranch(i: IntegrateInput, o: GitOptions, sha: string): Promise<void> {
  const branch = `minion/${i.work.task.id}-${i.work.n}`;
  await git(['push', '--quiet', '--force', i.work.project.repositoryUrl, `${sha}:refs/heads/${branch}`], o);
}
