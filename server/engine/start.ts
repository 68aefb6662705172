import { AlaiError } from '#server/domain/errors.ts';
import type { Queryable } from '#server/platform/db.ts';
import { type Actor, ENGINE } from './event.ts';
import { type Delivery, queueTasks } from './outbox.ts';
import { liveTask, lockTask, refuse } from './task.ts';

/** `mc start`: queue it now. Refused with what it waits for. */
export async function startTask(q: Queryable, id: number, actor: Actor): Promise<Delivery[]> {
  const t = await liveTask(q, await lockTask(q, id));
  if (t.status === 'QUEUED') return [];
  if (t.status !== 'OPEN') throw refuse(t, 'started');
  if (t.project_id === null && t.stage !== null)
    throw new AlaiError(
      'PROJECT_REQUIRED',
      `Task #${t.id} has no project to work in.`,
      'Give it a project: a folder path of a git repository.',
    );
  if (t.unmet > 0)
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `Task #${t.id} waits for ${t.unmet} other task${t.unmet === 1 ? '' : 's'}.`,
      'Finish or cancel those first.',
    );
  const out = await queueTasks(q, [t.id], ENGINE, `Started by ${actor.name}`);
  if (out.length === 0)
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `Task #${t.id} has no model that can take it.`,
      'Start a worker or install a model; `alai route` shows what was skipped.',
    );
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
  return out;
}
