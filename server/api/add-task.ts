import { AlaiError } from '#server/domain/errors.ts';
import type { Created } from '#server/domain/views/new-task.ts';
import { tellAdded, waitForAlso } from '#server/engine/amend.ts';
import type { Actor } from '#server/engine/event.ts';
import { requireReason } from '#server/engine/unit.ts';
import { createWork } from './compose.ts';
import type { Services } from './services.ts';

export interface AddTask {
  /** The node it is put beside. */
  taskId: number;
  where: 'before' | 'after';
  title: string;
  description: string;
  reason: string;
  idempotencyKey: string;
}

/**
 * A new task in the pipeline of another: after it (it waits for it), or before it (the other, which must not have started,
 * waits for it too). Routed and judged by the safety rails like every task.
 */
export async function addTask(s: Services, input: AddTask, actor: Actor): Promise<Created> {
  requireReason(input.reason);
  const { rows } = await s.db.pool.query<{ pipeline_id: number; project_id: string | null }>(
    'SELECT pipeline_id, project_id FROM task WHERE id = $1',
    [input.taskId],
  );
  const anchor = rows[0];
  if (!anchor)
    throw new AlaiError(
      'NOT_FOUND',
      `Task #${input.taskId} does not exist.`,
      'Choose a node of the pipeline.',
    );
  const task = {
    title: input.title,
    description: input.description,
    dependsOn: input.where === 'after' ? [input.taskId] : [],
  };
  return await createWork(
    s,
    {
      idempotencyKey: `add:${input.where}:${input.taskId}:${input.idempotencyKey}`,
      tasks: [task],
    } as unknown as Parameters<typeof createWork>[1],
    actor,
    {
      pipelineId: anchor.pipeline_id,
      projectId: anchor.project_id,
      async once(q, taskIds) {
        const made = taskIds[0] as number;
        await tellAdded(q, made, { where: input.where, anchor: input.taskId }, actor, input.reason);
        return input.where === 'before' ? await waitForAlso(q, input.taskId, made, actor, input.reason) : [];
      },
    },
  );
}
