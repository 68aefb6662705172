import type { Queryable } from '#server/platform/db.ts';
import { acceptChain, finishChain } from './accept.ts';
import { endSteps } from './cancel.ts';
import { lockChain } from './chain.ts';
import { withdrawEscalations } from './escalation.ts';
import { type Actor, ENGINE } from './event.ts';
import { move } from './move.ts';
import { type Delivery, queueTasks } from './outbox.ts';
import { liveTask, lockTask, refuse } from './task.ts';

/** Done by hand: the human did it himself, so what waited for it may go on. */
export async function finishByHand(
  q: Queryable,
  id: number,
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  const t = await liveTask(q, await lockTask(q, id));
  if (t.status !== 'OPEN' && t.status !== 'NEEDS_HUMAN') throw refuse(t, 'done by hand');
  await move(q, {
    machine: 'task',
    id: t.id,
    from: ['OPEN', 'NEEDS_HUMAN'],
    to: 'DONE',
    actor,
    reason,
    patch: { finished_at: { sql: 'clock_timestamp()' }, verdict: 'pass', unmet: 0 },
  });
  // It waits for nothing any more: what still ends later must not count it down once more.
  await q.query(
    'UPDATE dependency SET satisfied_at = clock_timestamp() WHERE task_id = $1 AND satisfied_at IS NULL',
    [t.id],
  );
  await endSteps(q, t.id, actor, reason);
  await withdrawEscalations(q, { taskId: t.id }, 'Done by hand');
  const out: Delivery[] = [];
  if (t.chain_id !== null) {
    const chain = await lockChain(q, t.chain_id);
    if (chain.state === 'NEEDS_HUMAN')
      await move(q, { machine: 'chain', id: chain.id, from: 'NEEDS_HUMAN', to: 'ACTIVE', actor, reason });
    if (chain.accepted_at === null) out.push(...(await acceptChain(q, chain, t, null)));
    await finishChain(q, chain.id);
  } else {
    const { rows } = await q.query<{ id: number; unmet: number }>(
      `WITH dep AS (UPDATE dependency SET satisfied_at = clock_timestamp() WHERE on_task_id = $1 AND satisfied_at IS NULL RETURNING task_id)
       UPDATE task x SET unmet = x.unmet - 1 FROM dep WHERE x.id = dep.task_id RETURNING x.id, x.unmet`,
      [t.id],
    );
    out.push(
      ...(await queueTasks(
        q,
        rows.filter((r) => r.unmet === 0).map((r) => r.id),
        ENGINE,
        `#${t.id} is done`,
      )),
    );
  }
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
  return out;
}
