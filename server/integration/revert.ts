import type { IntegrationPlan, IntegrationResult } from '#server/domain/attempt.ts';
import type { RevertedChange } from '#server/domain/work.ts';
import { git, gitLine } from '#server/platform/git.ts';
import {
  fetchTrunk,
  filesBetween,
  identity,
  inWorktree,
  type Landing,
  mergeRef,
  moveTrunk,
  optionsOf,
  threeWay,
  untilItStands,
} from './trunk.ts';

/**
 * Takes one merged change back with a commit of its own: what came later stays. The tree is checked before the branch
 * moves; a tree that fails, and one that later work stands in the way of, moves nothing.
 */
export async function revert(i: Landing, change: RevertedChange): Promise<IntegrationResult> {
  const o = optionsOf(i);
  const branch = i.work.project.defaultBranch;
  const landed = await i.ports.landedIntegration();
  if (landed) {
    i.note(`This was reverted before a restart, as ${landed.newSha.slice(0, 10)}.`);
    await fetchTrunk(i, o);
    return reverted(landed, (await filesBetween(o, landed.oldSha, landed.newSha)).length);
  }
  let checkedTree = '';
  return await untilItStands(i, async () => {
    const trunk = await fetchTrunk(i, o);
    const { newSha: was, oldSha: before } = change;
    const there = await git(['merge-base', '--is-ancestor', was, trunk], { ...o, ok: [1, 128] });
    if (there.code !== 0)
      return {
        result: 'conflict',
        files: [],
        detail: `${branch} does not hold ${was.slice(0, 10)} any more`,
      };
    const rest = await threeWay(i, o, { base: was, ours: trunk, theirs: before });
    if (rest.conflicts.length > 0)
      return {
        result: 'conflict',
        files: rest.conflicts,
        detail: `later work on ${branch} changed the same lines`,
      };
    const files = (await filesBetween(o, trunk, rest.tree)).length;
    if (files === 0) return { result: 'unchanged' };
    if (checkedTree !== rest.tree) {
      i.note(`Gates and checks run on ${branch} without ${was.slice(0, 10)}.`);
      const failure = await inWorktree(i, o, rest.tree, (root) => i.recheck(root, rest.tree));
      if (failure !== null)
        return { result: 'conflict', files: [], detail: `${branch} does not hold without it: ${failure}` };
      checkedTree = rest.tree;
    }
    const newSha = await gitLine(['commit-tree', rest.tree, '-p', trunk, '-F', '-'], {
      ...o,
      env: identity(i),
      input: `${i.work.task.title}\n\nThis reverts commit ${was}.\n\nTask #${i.work.task.id}, attempt ${i.work.n}.\n`,
    });
    await git(['update-ref', mergeRef(i), newSha], o);
    const plan: IntegrationPlan = { oldSha: trunk, newSha, branch };
    if (!(await moveTrunk(i, o, plan))) return null;
    i.note(`Reverted on ${branch} as ${newSha.slice(0, 10)}.`);
    return reverted(plan, files);
  });
}

const reverted = (p: IntegrationPlan, files: number): IntegrationResult => ({
  result: 'merged',
  oldSha: p.oldSha,
  newSha: p.newSha,
  rebased: false,
  files,
});
