import type { Timing } from '#server/domain/timing.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { askAgain, askHuman } from './escalation.ts';
import { ENGINE, REAPER } from './event.ts';
import { afterAttempt, rewindSteps } from './failure.ts';
import { countMissed } from './missed.ts';
import { move } from './move.ts';
import { type Delivery, type Publisher, publishDeliveries, queueTasks, unsentDeliveries } from './outbox.ts';
import { applyRules } from './rules.ts';

/** Ends attempts whose worker is gone and gives their tasks back. In the caller's transaction. */
export async function loseAttempts(
  q: Queryable,
  attemptIds: number[],
  to: 'LOST' | 'TIMED_OUT',
  reason: string,
): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  for (const id of attemptIds) {
    const row = await move(q, {
      machine: 'attempt',
      id,
      from: ['LEASED', 'RUNNING'],
      to,
      actor: REAPER,
      reason,
      patch: { ended_at: { sql: 'clock_timestamp()' }, error_code: to, error: reason },
    });
    if (!row) continue;
    const taskId = row.task_id as number;
    await rewindSteps(q, taskId, REAPER);
    deliveries.push(...(await afterAttempt(q, taskId, to === 'LOST' ? 'lost' : 'failed', reason)));
    await q.query('SELECT alai_derive(ARRAY(SELECT pipeline_id FROM task WHERE id = $1))', [taskId]);
  }
  return deliveries;
}

async function reap(q: Queryable): Promise<Delivery[]> {
  const lost = await q.query<{ id: number; host: string }>(
    `SELECT id, host FROM attempt WHERE state IN ('LEASED', 'RUNNING') AND lease_until < clock_timestamp() ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED`,
  );
  const late = await q.query<{ id: number }>(
    `SELECT id FROM attempt WHERE state IN ('LEASED', 'RUNNING') AND lease_until >= clock_timestamp() AND deadline < clock_timestamp()
     ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED`,
  );
  return [
    ...(await loseAttempts(
      q,
      lost.rows.map((r) => r.id),
      'LOST',
      'Its lease ran out: the worker was not heard of.',
    )),
    ...(await loseAttempts(
      q,
      late.rows.map((r) => r.id),
      'TIMED_OUT',
      'It ran past its deadline.',
    )),
  ];
}

/** `o` is waited for, `c` is its chain: a stage that was cancelled to be done again does not end its chain. */
const willNotCome = `CASE WHEN c.id IS NULL THEN o.status IN ('FAILED', 'CANCELLED', 'SKIPPED') ELSE c.state = 'CANCELLED' END`;

/** Tasks that wait for something that will not come by itself: say so, and ask. */
async function askForDependants(q: Queryable): Promise<void> {
  const { rows } = await q.query<{
    id: number;
    title: string;
    on_id: number;
    on_title: string;
    status: string;
  }>(
    `SELECT t.id, t.title, o.id on_id, o.title on_title, coalesce(CASE WHEN c.state = 'CANCELLED' THEN 'CANCELLED' END, o.status) status
     FROM dependency d JOIN task t ON t.id = d.task_id AND t.status = 'OPEN' JOIN task o ON o.id = d.on_task_id LEFT JOIN chain c ON c.id = o.chain_id
     WHERE d.satisfied_at IS NULL AND ${willNotCome}
       AND NOT EXISTS (SELECT 1 FROM escalation e WHERE e.dedupe_key = 'dependency:t' || t.id AND e.state IN ('OPEN', 'PENDING')) LIMIT 50`,
  );
  for (const r of rows)
    await askHuman(q, {
      kind: 'dependency',
      taskId: r.id,
      actor: ENGINE,
      question: `"${r.title}" waits for #${r.on_id}, which was ${r.status.toLowerCase()}. Start it all the same?`,
      why: `#${r.on_id} "${r.on_title}" will not be done, and nothing waits silently.`,
      context: { on: r.on_id },
    });
}

/** Questions whose answer nobody needs any more: what was missing came after all, or the task went on another way. */
async function withdrawStale(q: Queryable): Promise<void> {
  const { rows } = await q.query<{ id: number }>(
    `SELECT e.id FROM escalation e JOIN task t ON t.id = e.task_id WHERE e.state = 'OPEN' AND CASE WHEN e.kind = 'dependency'
       THEN t.status <> 'OPEN' OR NOT EXISTS (SELECT 1 FROM dependency d JOIN task o ON o.id = d.on_task_id LEFT JOIN chain c ON c.id = o.chain_id
         WHERE d.task_id = t.id AND d.satisfied_at IS NULL AND ${willNotCome})
       ELSE t.status <> 'NEEDS_HUMAN' END ORDER BY e.id LIMIT 50`,
  );
  for (const { id } of rows)
    await move(q, {
      machine: 'escalation',
      id,
      from: 'OPEN',
      to: 'WITHDRAWN',
      actor: ENGINE,
      reason: 'It went on without an answer',
      patch: { note: 'It went on without an answer', closed_at: { sql: 'clock_timestamp()' } },
    });
}

export interface SweepResult {
  published: number;
}

/**
 * One round of repair: lost leases, forgotten outbox rows, tasks that may start. Lost messages and hosts that are gone need
 * none: every worker looks for work by itself.
 * Idempotent, and safe beside another sweep.
 */
export async function sweep(db: Db, publisher: Publisher, t: Timing): Promise<SweepResult> {
  const deliveries = await transaction(db, async (q) => [...(await reap(q)), ...(await queueReady(q))]);
  await transaction(db, askForDependants);
  await transaction(db, withdrawStale);
  await transaction(db, askAgain);
  await db.pool.query(
    `UPDATE worker SET state = 'DEAD' WHERE state = 'ACTIVE' AND last_seen < now() - make_interval(secs => $1 / 1000.0)`,
    [t.workerSeen * 4],
  );
  await applyRules(db, t.undo);
  const unsent = await unsentDeliveries(db.pool, Math.min(1_000, t.sweep));
  const known = new Set(deliveries.map((d) => `${d.taskId}-${d.dispatch}`));
  // Last, because it is the only step that hangs on something else than the database.
  await publishDeliveries(db.pool, publisher, [
    ...deliveries,
    ...unsent.filter((d) => !known.has(`${d.taskId}-${d.dispatch}`)),
  ]);
  return { published: deliveries.length + unsent.length };
}

async function queueReady(q: Queryable): Promise<Delivery[]> {
  await countMissed(q);
  const { rows } = await q.query<{ id: number }>(
    `SELECT id FROM task WHERE status = 'OPEN' AND unmet = 0 AND route IS NOT NULL AND (stage IS NULL OR project_id IS NOT NULL)
       AND (route->'held' = 'null'::jsonb OR approved_digest IS NOT NULL) ORDER BY id LIMIT 200`,
  );
  return await queueTasks(
    q,
    rows.map((r) => r.id),
    ENGINE,
    'Ready',
  );
}
