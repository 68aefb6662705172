import { AlaiError } from '#server/domain/errors.ts';
import type { ChainState, TaskStatus } from '#server/domain/status.ts';
import type { Queryable } from '#server/platform/db.ts';
import { type Actor, appendEvents } from './event.ts';
import type { Delivery } from './outbox.ts';
import { reopenTask } from './reopen.ts';
import { lockUnit, recount, requireReason, takeTurn, type Unit } from './unit.ts';

export interface Rerun {
  deliveries: Delivery[];
  /** The units that begin anew, in the order in which they will. */
  taskIds: number[];
}

const over = (u: Unit): boolean =>
  u.chain
    ? ['FINISHED', 'CANCELLED'].includes(u.chain.state) &&
      ['DONE', 'FAILED', 'CANCELLED'].includes(u.task.status)
    : ['DONE', 'FAILED', 'CANCELLED'].includes(u.task.status);
const waits = (u: Unit): boolean => ['OPEN', 'QUEUED', 'NEEDS_HUMAN'].includes(u.task.status) && !u.begun;

function refuseLive(u: Unit): never {
  throw new AlaiError(
    'ILLEGAL_TRANSITION',
    u.task.status === 'SKIPPED'
      ? `#${u.task.id} was skipped, which is final.`
      : `#${u.task.id} is still ${(u.chain?.state ?? u.task.status).toLowerCase()}: it cannot be run again now.`,
    u.task.status === 'SKIPPED' ? 'Add a task in its place.' : 'Wait until it is over, or cancel it first.',
  );
}

/** Everything that waits for these, directly or not, in an order in which each comes after what it waits for. */
async function following(q: Queryable, ids: number[]): Promise<number[]> {
  const { rows } = await q.query<{ id: number }>(
    `WITH RECURSIVE after(id, depth) AS (
       SELECT i, 0 FROM unnest($1::bigint[]) i
       UNION SELECT d.task_id, after.depth + 1 FROM after JOIN dependency d ON d.on_task_id = after.id WHERE after.depth < 1000)
     SELECT id FROM after GROUP BY id ORDER BY max(depth), id`,
    [ids],
  );
  return rows.map((r) => r.id);
}

/** Opens these anew, each to wait for those of them that it depends on. In the caller's turn. */
async function openAnew(
  q: Queryable,
  units: Unit[],
  waiting: Unit[],
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  const again = units.map((u) => u.task.id);
  await q.query(
    `UPDATE dependency SET satisfied_at = NULL WHERE on_task_id = ANY($1) AND task_id = ANY($2) AND satisfied_at IS NOT NULL`,
    [again, [...again, ...waiting.map((u) => u.task.id)]],
  );
  const out: Delivery[] = [];
  for (const u of [...units, ...waiting]) out.push(...(await recount(q, u.task.id, actor, reason)));
  for (const u of units) out.push(...(await reopenTask(q, u.task.id, actor, reason)));
  return out;
}

async function tell(
  q: Queryable,
  u: Unit,
  mode: string,
  ids: number[],
  actor: Actor,
  reason: string,
): Promise<void> {
  await appendEvents(q, [
    {
      type: 'pipeline.rerun',
      entity: 'pipeline',
      id: u.task.pipeline_id,
      ver: 1,
      actor,
      reason,
      projectId: u.task.project_id,
      pipelineId: u.task.pipeline_id,
      taskId: u.task.id,
      data: { mode, tasks: ids },
    },
  ]);
}

/**
 * Does a node again: `only` it, or it and what `follows` from it (everything that waits for it, directly or not). A chain is
 * done again as a whole, in a new chain. Refused while something of it still runs, with the name of what does.
 */
export async function rerun(
  q: Queryable,
  taskId: number,
  mode: 'only' | 'following',
  actor: Actor,
  reason: string,
): Promise<Rerun> {
  requireReason(reason);
  await takeTurn(q);
  const first = await lockUnit(q, taskId);
  if (!over(first)) refuseLive(first);
  const units = [first];
  const waiting: Unit[] = [];
  if (mode === 'following')
    for (const id of await following(q, [first.task.id])) {
      if (id === first.task.id) continue;
      const u = await lockUnit(q, id);
      if (over(u)) units.push(u);
      else if (waits(u)) waiting.push(u);
      // What was left out stays left out; what runs must not have its ground taken away.
      else if (u.task.status !== 'SKIPPED') refuseLive(u);
    }
  const taskIds = units.map((u) => u.task.id);
  await tell(q, first, mode, taskIds, actor, reason);
  return { deliveries: await openAnew(q, units, waiting, actor, reason), taskIds };
}

/** Does everything of a pipeline again that failed or was cancelled; what is done stays done. */
export async function rerunFailed(
  q: Queryable,
  pipelineId: number,
  actor: Actor,
  reason: string,
): Promise<Rerun> {
  requireReason(reason);
  await takeTurn(q);
  const { rows } = await q.query<{ id: number; status: TaskStatus; state: ChainState | null }>(
    `SELECT t.id, t.status, c.state FROM task t LEFT JOIN chain c ON c.id = t.chain_id
     WHERE t.pipeline_id = $1 AND (c.id IS NULL OR c.root_task_id = t.id)
       AND CASE WHEN c.id IS NULL THEN t.status IN ('FAILED', 'CANCELLED') ELSE c.state = 'CANCELLED' AND t.status <> 'SKIPPED' END
     ORDER BY t.id`,
    [pipelineId],
  );
  if (rows.length === 0)
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `Nothing of pipeline #${pipelineId} failed or was cancelled.`,
      'Choose a node to run it again.',
    );
  const failed = new Set(rows.map((r) => r.id));
  const order = (await following(q, [...failed])).filter((id) => failed.has(id));
  const units: Unit[] = [];
  for (const id of order) {
    const u = await lockUnit(q, id);
    if (over(u)) units.push(u);
  }
  const taskIds = units.map((u) => u.task.id);
  if (units[0]) await tell(q, units[0], 'failed', taskIds, actor, reason);
  return { deliveries: await openAnew(q, units, [], actor, reason), taskIds };
}
