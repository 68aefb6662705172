import { AlaiError } from '#server/domain/errors.ts';
import type { ChainState, TaskStatus } from '#server/domain/status.ts';
import type { Queryable } from '#server/platform/db.ts';
import { type Actor, ENGINE } from './event.ts';
import { move } from './move.ts';
import { type Delivery, queueTasks } from './outbox.ts';
import { lockTask, type TaskRow } from './task.ts';

/**
 * What the graph's verbs act on: a task by hand, or a chain by its root. Others wait for a chain by the number of its root,
 * so that is where its place in the pipeline is written.
 */
export interface Unit {
  task: TaskRow;
  chain: { id: number; state: ChainState } | null;
  /** An agent had it already, in this generation. */
  begun: boolean;
}

/** Whoever changes what waits for what takes turns, so that two of them never close a ring together. */
export async function takeTurn(q: Queryable): Promise<void> {
  await q.query(`SELECT pg_advisory_xact_lock(hashtext('alai-graph-amend'))`);
}

export function requireReason(reason: string): void {
  if (reason.trim() === '')
    throw new AlaiError(
      'REASON_REQUIRED',
      'To change a pipeline needs a reason.',
      'Say in one line why; it stays in the history.',
    );
}

/** Locks the unit that this task belongs to. Its dependencies first, as those who count them down do. */
export async function lockUnit(q: Queryable, taskId: number): Promise<Unit> {
  const found = await q.query<{ root: number | null }>(
    'SELECT c.root_task_id root FROM task t LEFT JOIN chain c ON c.id = t.chain_id WHERE t.id = $1',
    [taskId],
  );
  const id = found.rows[0]?.root ?? taskId;
  await q.query(
    'SELECT 1 FROM dependency WHERE task_id = $1 OR on_task_id = $1 ORDER BY task_id, on_task_id FOR UPDATE',
    [id],
  );
  const task = await lockTask(q, id);
  const chain =
    task.chain_id === null
      ? null
      : ((
          await q.query<{ id: number; state: ChainState }>(
            'SELECT id, state FROM chain WHERE id = $1 FOR UPDATE',
            [task.chain_id],
          )
        ).rows[0] ?? null);
  const { rowCount } = await q.query('SELECT 1 FROM attempt WHERE task_id = $1 AND generation = $2 LIMIT 1', [
    id,
    task.generation,
  ]);
  return { task, chain, begun: Boolean(rowCount) };
}

const waiting: readonly TaskStatus[] = ['OPEN', 'QUEUED'];

/** Refuses what only may be done to work that nobody has begun, and says what it is doing instead. */
export function requireUnbegun(u: Unit, wish: string): void {
  if (waiting.includes(u.task.status) && !u.begun) return;
  const asks = u.task.status === 'NEEDS_HUMAN';
  throw new AlaiError(
    'ILLEGAL_TRANSITION',
    `#${u.task.id} is ${u.task.status}${u.begun && waiting.includes(u.task.status) ? ' and an agent has worked on it' : ''}: it cannot be ${wish}.`,
    asks
      ? 'Answer its question first.'
      : 'Only what has not started can; cancel it, or change what comes after it.',
  );
}

/**
 * Writes how much it still waits for. A queued one waits again; one that waits for nothing any more is queued.
 * The caller holds its turn, and has written the dependencies.
 */
export async function recount(
  q: Queryable,
  taskId: number,
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  const { rows } = await q.query<{ status: TaskStatus; n: number }>(
    `SELECT t.status, (SELECT count(*)::int FROM dependency d WHERE d.task_id = t.id AND d.satisfied_at IS NULL) n
     FROM task t WHERE t.id = $1`,
    [taskId],
  );
  const row = rows[0];
  if (!row) return [];
  if (row.status === 'QUEUED' && row.n > 0)
    await move(q, {
      machine: 'task',
      id: taskId,
      from: 'QUEUED',
      to: 'OPEN',
      actor,
      reason,
      patch: { unmet: row.n },
    });
  else if (row.status !== 'QUEUED')
    await q.query('UPDATE task SET unmet = $2 WHERE id = $1', [taskId, row.n]);
  return row.status === 'OPEN' && row.n === 0 ? await queueTasks(q, [taskId], ENGINE, reason) : [];
}
