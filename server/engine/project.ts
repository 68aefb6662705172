import type { Route } from '#server/domain/views/routing.ts';
import type { Queryable } from '#server/platform/db.ts';
import { holdForSafety } from './create.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import { type Delivery, queueTasks } from './outbox.ts';
import { lockTask, refuse } from './task.ts';

/** Gives Inbox tasks (and their pipeline) a project; they are queued when nothing else holds them. */
export async function setProject(
  q: Queryable,
  id: number,
  projectId: string,
  actor: Actor,
  /** Tasks that a rail of this project holds, by their id. */
  held: ReadonlyMap<number, NonNullable<Route['held']>> = new Map(),
): Promise<Delivery[]> {
  const t = await lockTask(q, id);
  if (t.project_id === projectId) return [];
  if (t.project_id !== null || !['OPEN', 'NEEDS_HUMAN'].includes(t.status))
    throw refuse(t, 'given another project');
  const { rows } = await q.query<{
    id: number;
    ver: number;
    title: string;
    status: string;
    approved_digest: string | null;
  }>(
    `UPDATE task SET project_id = $2, ver = ver + 1 WHERE pipeline_id = $1 AND project_id IS NULL AND status IN ('OPEN', 'NEEDS_HUMAN') RETURNING id, ver, title, status, approved_digest`,
    [t.pipeline_id, projectId],
  );
  await q.query('UPDATE pipeline SET project_id = $2 WHERE id = $1 AND project_id IS NULL', [
    t.pipeline_id,
    projectId,
  ]);
  await appendEvents(
    q,
    rows.map((r) => ({
      type: 'task.edited',
      entity: 'task',
      id: r.id,
      ver: r.ver,
      actor,
      projectId,
      pipelineId: t.pipeline_id,
      taskId: r.id,
      data: { patch: { projectId } },
    })),
  );
  // What a person approved already was approved as it stands.
  const stopped = rows.filter((r) => r.status === 'OPEN' && r.approved_digest === null && held.has(r.id));
  for (const r of stopped)
    await holdForSafety(q, r.id, r.title, held.get(r.id) as NonNullable<Route['held']>);
  const out = await queueTasks(
    q,
    rows.filter((r) => !stopped.includes(r)).map((r) => r.id),
    ENGINE,
    'It has a project now',
  );
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
  return out;
}
