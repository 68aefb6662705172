import type { Queryable } from '#server/platform/db.ts';
import type { ChainRow } from './chain.ts';
import { ENGINE } from './event.ts';
import { openFollowUps } from './follow-ups.ts';
import { move } from './move.ts';
import { type Delivery, queueTasks } from './outbox.ts';

/** ACTIVE -> ACCEPTED: the deliverable is in the project. Wakes the chains that wait for it and turns findings into work. */
export async function acceptChain(
  q: Queryable,
  chain: ChainRow,
  task: { title: string },
  sha: string | null,
  branch: string | null = null,
): Promise<Delivery[]> {
  const merged = sha ? `Merged as ${sha.slice(0, 7)}.` : 'Accepted; it changed nothing.';
  await move(q, {
    machine: 'chain',
    id: chain.id,
    from: 'ACTIVE',
    to: 'ACCEPTED',
    actor: ENGINE,
    reason: branch ? `Not merged: it waits on ${branch} for a pull request.` : merged,
    patch: { accepted_at: { sql: 'clock_timestamp()' }, accepted_sha: sha },
    data: { sha, branch },
  });
  await q.query(
    'UPDATE finding SET mended_at = clock_timestamp() WHERE mend_task_id IN (SELECT id FROM task WHERE chain_id = $1) AND mended_at IS NULL',
    [chain.id],
  );
  const deliveries = await releaseAcceptance(q, chain.root_task_id);
  deliveries.push(...(await openFollowUps(q, chain, task)));
  return deliveries;
}

/** Counts down the chains that waited for this one to be accepted, and queues those that wait for nothing more. */
async function releaseAcceptance(q: Queryable, rootTaskId: number): Promise<Delivery[]> {
  const { rows } = await q.query<{ id: number; unmet: number }>(
    `WITH dep AS (
       UPDATE dependency SET satisfied_at = clock_timestamp() WHERE on_task_id = $1 AND kind = 'accepted' AND satisfied_at IS NULL RETURNING task_id),
     waiting AS (SELECT id FROM task WHERE id IN (SELECT task_id FROM dep) ORDER BY id FOR NO KEY UPDATE)
     UPDATE task t SET unmet = t.unmet - 1 FROM waiting WHERE t.id = waiting.id RETURNING t.id, t.unmet`,
    [rootTaskId],
  );
  return await queueTasks(
    q,
    rows.filter((r) => r.unmet === 0).map((r) => r.id),
    ENGINE,
    `#${rootTaskId} is accepted`,
  );
}

/** ACCEPTED -> FINISHED: no stage is left. */
export async function finishChain(q: Queryable, id: number): Promise<void> {
  await move(q, {
    machine: 'chain',
    id,
    from: 'ACCEPTED',
    to: 'FINISHED',
    actor: ENGINE,
    patch: { finished_at: { sql: 'clock_timestamp()' } },
  });
}
