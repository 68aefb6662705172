import { isLiveTask, liveTaskStatuses } from '#server/domain/status.ts';
import type { Queryable } from '#server/platform/db.ts';
import { lockChain } from './chain.ts';
import { withdrawEscalations } from './escalation.ts';
import type { Actor } from './event.ts';
import { move } from './move.ts';
import { liveTask, lockTask, refuse } from './task.ts';

/** Ends the agent that works on it, and the steps it had not done. */
export async function endLiveAttempt(
  q: Queryable,
  taskId: number,
  actor: Actor,
  reason: string,
): Promise<void> {
  const { rows } = await q.query<{ id: number }>(
    `SELECT id FROM attempt WHERE task_id = $1 AND state IN ('LEASED', 'RUNNING')`,
    [taskId],
  );
  for (const a of rows)
    await move(q, {
      machine: 'attempt',
      id: a.id,
      from: ['LEASED', 'RUNNING'],
      to: 'CANCELLED',
      actor,
      reason,
      patch: { ended_at: { sql: 'clock_timestamp()' }, error_code: 'CANCELLED', error: reason },
    });
  await endSteps(q, taskId, actor, reason);
}

/** Cancels the steps that are not done. */
export async function endSteps(q: Queryable, taskId: number, actor: Actor, reason: string): Promise<void> {
  const steps = await q.query<{ id: number }>(
    `SELECT id FROM step WHERE task_id = $1 AND state IN ('PENDING', 'RUNNING')`,
    [taskId],
  );
  for (const s of steps.rows)
    await move(q, {
      machine: 'step',
      id: s.id,
      from: ['PENDING', 'RUNNING'],
      to: 'CANCELLED',
      actor,
      reason,
    });
}

/** Ends a task for good (until reopened). On a stage task it cancels the whole chain. */
export async function cancelTask(q: Queryable, id: number, actor: Actor, reason: string): Promise<void> {
  let t = await liveTask(q, await lockTask(q, id));
  const chain = t.chain_id === null ? null : await lockChain(q, t.chain_id);
  // Only now nobody else can open a stage of it: an answer that took effect meanwhile may have.
  if (chain && !isLiveTask(t.status)) t = await liveTask(q, t);
  if (!isLiveTask(t.status) && !(chain && ['ACTIVE', 'NEEDS_HUMAN'].includes(chain.state)))
    throw refuse(t, 'cancelled');
  await endLiveAttempt(q, t.id, actor, reason);
  if (isLiveTask(t.status))
    await move(q, {
      machine: 'task',
      id: t.id,
      from: liveTaskStatuses,
      to: 'CANCELLED',
      actor,
      reason,
      patch: { finished_at: { sql: 'clock_timestamp()' } },
    });
  if (chain && chain.state !== 'FINISHED' && chain.state !== 'CANCELLED')
    await move(q, {
      machine: 'chain',
      id: chain.id,
      from: chain.state,
      to: 'CANCELLED',
      actor,
      reason,
      patch: { finished_at: { sql: 'clock_timestamp()' } },
    });
  await withdrawEscalations(q, { taskId: t.id, ...(chain ? { chainId: chain.id } : {}) }, 'Cancelled');
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
}
