import { join } from 'node:path';
import type { IntegrationResult } from '#server/domain/attempt.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import type { WorkStep } from '#server/domain/work.ts';
import type { StepContext } from './context.ts';
import { leaseLost } from './outcome.ts';
import { recheck } from './recheck.ts';

/** Merges what was reviewed (or, for OPS and DOCS, what this task wrote), or takes back what was merged, and stores the step. */
export async function merge(c: StepContext, s: WorkStep): Promise<IntegrationResult> {
  const { work, ports, workspace: ws, config, signal } = c;
  const note = (text: string) => c.transcript.add(INTEGRATE, 'harness', { text });
  const commit = work.reviewedCommit ?? ws.head();
  const result = await config.integrate({
    work,
    gitDir: ws.gitDir,
    tmpDir: join(config.hostDir, 'scratch'),
    token: config.repositoryToken,
    commit,
    ports,
    recheck: (root, tree) => recheck(c, root, tree),
    note,
    signal,
  });
  if (!s.done && (result.result === 'merged' || result.result === 'unchanged')) {
    const newSha = result.result === 'merged' ? result.newSha : null;
    const left = work.project.merge === 'branch' && !work.reverts;
    const did = work.reverts ? 'Reverted' : left ? 'Left on its branch for a pull request' : 'Merged';
    const text = newSha ? `${did} as ${newSha.slice(0, 10)}.` : 'There was nothing to merge.';
    const output = { text, report: null, findings: [], tree: newSha ? await ws.treeOf(newSha) : null };
    if ((await ports.checkpoint({ stepId: s.id, commit: newSha, output })) === 'stale') throw leaseLost();
  }
  return result;
}
