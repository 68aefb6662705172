import { stageAfter } from '#server/domain/plan.ts';
import type { Stage } from '#server/domain/status.ts';
import type { Queryable } from '#server/platform/db.ts';
import type { ChainRow } from './chain.ts';
import type { Delivery } from './outbox.ts';
import { openStage } from './stage.ts';

/**
 * The human overrules a reviewer: the chain goes on to the stage after the one that rejected. When the reviewer that rejected
 * was the last one, its stage runs once more with the human's word, because the merge is its last step.
 */
export async function openStageAnyway(
  q: Queryable,
  chain: ChainRow,
  last: { id: number; stage: Stage } | undefined,
  next: { cycle: number; because: string; head: string | null },
): Promise<Delivery[]> {
  const rejectedBy = last?.stage ?? 'REVIEW';
  const after = stageAfter(chain.plan, rejectedBy)?.stage;
  const stage = after && after !== 'OPS' && after !== 'DOCS' ? after : rejectedBy;
  return await openStage(q, chain, last ?? null, stage, {
    ...next,
    mendsTask: null,
    note: `The human overruled the last rejection: ${next.because}`,
  });
}
