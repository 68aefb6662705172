import { AlaiError } from '#server/domain/errors.ts';
import type { ChainPlan } from '#server/domain/plan.ts';
import type { Queryable } from '#server/platform/db.ts';
import { lockChain } from './chain.ts';
import { holdForSafety } from './create.ts';
import { type Actor, ENGINE } from './event.ts';
import { move } from './move.ts';
import { type Delivery, queueTasks } from './outbox.ts';
import { lockTask, refuse } from './task.ts';

/** Does a finished deliverable again: a new generation, and a new chain with the same plan. */
export async function reopenTask(
  q: Queryable,
  id: number,
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  let t = await lockTask(q, id);
  if (t.chain_id !== null) {
    const chain = await lockChain(q, t.chain_id);
    if (chain.root_task_id !== t.id) t = await lockTask(q, chain.root_task_id);
    if (chain.state !== 'FINISHED' && chain.state !== 'CANCELLED')
      throw new AlaiError(
        'ILLEGAL_TRANSITION',
        `The chain of #${t.id} is still ${chain.state}.`,
        'Cancel it first, or wait until it is finished.',
      );
  }
  if (!['DONE', 'FAILED', 'CANCELLED'].includes(t.status)) throw refuse(t, 'reopened');
  const generation = t.generation + 1;
  let chainId: number | null = null;
  if (t.chain_id !== null) {
    const { rows } = await q.query<{ id: number; plan: ChainPlan }>(
      `INSERT INTO chain(pipeline_id, root_task_id, generation, plan, depth) SELECT pipeline_id, root_task_id, $2, plan, depth FROM chain WHERE id = $1 RETURNING id, plan`,
      [t.chain_id, generation],
    );
    chainId = rows[0]?.id ?? null;
  }
  await move(q, {
    machine: 'task',
    id: t.id,
    from: ['DONE', 'FAILED', 'CANCELLED'],
    to: 'OPEN',
    actor,
    reason,
    patch: {
      generation,
      chain_id: chainId,
      verdict: null,
      finished_at: null,
      started_at: null,
      head: null,
      base: null,
      report: null,
      failed_attempts: 0,
      infra_losses: 0,
      feedback: reason,
      approved_digest: null,
    },
  });
  if (t.route?.held) await holdForSafety(q, t.id, t.title, t.route.held);
  const out = await queueTasks(q, [t.id], ENGINE, `Reopened by ${actor.name}`);
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
  return out;
}
