import { AlaiError } from '#server/domain/errors.ts';
import type { Queryable } from '#server/platform/db.ts';
import { askHuman } from './escalation.ts';
import { type Actor, ENGINE } from './event.ts';
import { rewindSteps } from './failure.ts';
import { move } from './move.ts';

/**
 * A human stops the running agent of one task. Its worker sees at the next heartbeat that the lease is gone and ends the
 * process; what was pushed is kept, and the task asks what now. Throws ILLEGAL_TRANSITION when nothing runs.
 */
export async function stopTask(q: Queryable, id: number, actor: Actor, reason: string): Promise<void> {
  const { rows } = await q.query<{
    title: string;
    status: string;
    pipeline_id: number;
    attempt_id: number | null;
  }>(
    `SELECT t.title, t.status, t.pipeline_id,
       (SELECT a.id FROM attempt a WHERE a.task_id = t.id AND a.state IN ('LEASED', 'RUNNING')) attempt_id
     FROM task t WHERE t.id = $1 FOR UPDATE`,
    [id],
  );
  const task = rows[0];
  if (!task)
    throw new AlaiError('NOT_FOUND', `Task #${id} does not exist.`, 'Look the number up on the board.');
  if (task.status !== 'RUNNING' || task.attempt_id === null)
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `No agent works on #${id} now.`,
      `It is ${task.status}; cancel it if it should not run.`,
    );
  const why = reason || `Stopped by ${actor.name}.`;
  await move(q, {
    machine: 'attempt',
    id: task.attempt_id,
    from: ['LEASED', 'RUNNING'],
    to: 'CANCELLED',
    actor,
    reason: why,
    patch: { ended_at: { sql: 'clock_timestamp()' }, error_code: 'CANCELLED', error: why },
  });
  await rewindSteps(q, id, { kind: 'reaper', name: actor.name });
  await askHuman(q, {
    kind: 'stopped',
    taskId: id,
    from: ['RUNNING'],
    actor: ENGINE,
    question: `${actor.name} stopped "${task.title}". What now?`,
    why,
  });
  await q.query('SELECT alai_derive($1)', [[task.pipeline_id]]);
}
