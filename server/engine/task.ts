import { AlaiError } from '#server/domain/errors.ts';
import { allowedMoves, isLiveTask, type Stage, type TaskStatus } from '#server/domain/status.ts';
import type { Route } from '#server/domain/views/routing.ts';
import type { Queryable } from '#server/platform/db.ts';

/** The row of a task that a human's verb acts on. */
export interface TaskRow {
  id: number;
  title: string;
  description: string;
  status: TaskStatus;
  stage: Stage | null;
  chain_id: number | null;
  pipeline_id: number;
  project_id: string | null;
  tags: string[];
  unmet: number;
  ver: number;
  generation: number;
  route: Route | null;
  approved_digest: string | null;
}

/** Its row, locked until the transaction ends. Throws NOT_FOUND. */
export async function lockTask(q: Queryable, id: number): Promise<TaskRow> {
  const { rows } = await q.query<TaskRow>('SELECT * FROM task WHERE id = $1 FOR UPDATE', [id]);
  const row = rows[0];
  if (!row)
    throw new AlaiError(
      'NOT_FOUND',
      `Task #${id} does not exist.`,
      'Look the number up on the board or with `alai mc list`.',
    );
  return row;
}

/** The refusal of a verb that the task's status does not allow, with where it can go. */
export function refuse(t: TaskRow, wish: string): AlaiError {
  const moves = allowedMoves('task', t.status);
  return new AlaiError(
    'ILLEGAL_TRANSITION',
    `Task #${t.id} is ${t.status} and cannot be ${wish}.`,
    moves.length ? `From ${t.status} it can go to: ${moves.join(', ')}.` : `${t.status} is final.`,
  );
}

/** The chain's live stage task, which is what a human command on any task of the chain means. */
export async function liveTask(q: Queryable, t: TaskRow): Promise<TaskRow> {
  if (t.chain_id === null) return t;
  for (;;) {
    const { rows } = await q.query<{ id: number }>(
      `SELECT id FROM task WHERE chain_id = $1 AND status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN')`,
      [t.chain_id],
    );
    if (!rows[0]) return t;
    const found = await lockTask(q, rows[0].id);
    // While its lock was waited for the stage may have ended, and then the next one is meant.
    if (isLiveTask(found.status)) return found;
  }
}
