import { type ChainPlan, chainPlanSchema } from '#server/domain/plan.ts';
import type { ChainState } from '#server/domain/status.ts';
import type { Queryable } from '#server/platform/db.ts';

export interface ChainRow {
  id: number;
  pipeline_id: number;
  root_task_id: number;
  generation: number;
  state: ChainState;
  ver: number;
  plan: ChainPlan;
  cycle: number;
  rejects: number;
  merge_returns: number;
  depth: number;
  head: string | null;
  accepted_at: Date | null;
}

/** Its row, locked until the transaction ends. */
export async function lockChain(q: Queryable, id: number): Promise<ChainRow> {
  const { rows } = await q.query('SELECT * FROM chain WHERE id = $1 FOR UPDATE', [id]);
  const row = rows[0];
  return { ...row, plan: chainPlanSchema.parse(row.plan) };
}
