import type { StepResult } from '#server/domain/attempt.ts';
import { type Db, toJson } from '#server/platform/db.ts';
import { coalesce } from './coalesce.ts';

export interface Checkpoint extends StepResult {
  attemptId: number;
  fence: number;
}

export interface CheckpointResult {
  result: 'ok' | 'stale';
  /** The step that runs now; null after the last one. */
  nextStepId: number | null;
}

/** Batched "this step is done": durable when it answers `ok`, and the next step runs. `stale`: the lease is gone, stop. */
export function checkpointer(
  db: Pick<Db, 'pool'>,
  leaseMs: number,
): (c: Checkpoint) => Promise<CheckpointResult> {
  return coalesce(async (items: Checkpoint[]) => {
    const { rows } = await db.pool.query<{ result: 'ok' | 'stale'; next_step: number | null }>({
      name: 'alai_checkpoint',
      text: 'SELECT result, next_step FROM alai_checkpoint($1, $2, $3, $4, $5, $6::jsonb[], $7)',
      values: [
        items.map((i) => i.attemptId),
        items.map((i) => i.fence),
        items.map((i) => i.stepId),
        items.map((i) => i.commit),
        items.map((i) => i.output.tree),
        items.map((i) => toJson(i.output)),
        leaseMs,
      ],
    });
    return rows.map((r) => ({ result: r.result, nextStepId: r.next_step }));
  });
}
