import { storeVersions, versionsOf } from '#server/catalogue/commands.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { type Route, routeSchema, type Suggestion } from '#server/domain/views/routing.ts';
import { editTask } from '#server/engine/edit.ts';
import type { Actor } from '#server/engine/event.ts';
import { publishDeliveries } from '#server/engine/outbox.ts';
import { transaction } from '#server/platform/db.ts';
import { rememberCorrection } from '#server/routing/commands.ts';
import { readCorrections } from '#server/routing/data.ts';
import { suggestionFor } from '#server/routing/similar.ts';
import { routeAnew } from './compose.ts';
import type { Services } from './services.ts';

interface Row {
  project_id: string | null;
  title: string;
  description: string;
  tags: string[];
  status: string;
  ver: number;
  route: unknown;
}

async function taskRow(s: Services, id: number): Promise<Row & { parsed: Route | null }> {
  const { rows } = await s.db.pool.query<Row>(
    'SELECT title, description, tags, status, ver, route, project_id FROM task WHERE id = $1',
    [id],
  );
  const row = rows[0];
  if (!row)
    throw new AlaiError('NOT_FOUND', `Task #${id} does not exist.`, 'Look the number up on the board.');
  return { ...row, parsed: routeSchema.safeParse(row.route).data ?? null };
}

/**
 * A person says who should have got a task, or how hard it is. Before any agent began, the task is given that way; it is
 * remembered in any case, and offered for similar tasks. `applied` says whether this task itself changed.
 */
export async function correctRoute(
  s: Services,
  input: { taskId: number; company: string | null; complexity: number | null },
  actor: Actor,
): Promise<{ applied: boolean }> {
  const task = await taskRow(s, input.taskId);
  if (!task.parsed)
    throw new AlaiError(
      'BAD_INPUT',
      `Task #${input.taskId} has no route to correct.`,
      'Correct the task it came from.',
    );
  const catalogue = s.catalogue();
  // Names an unknown company before anything is remembered.
  const toCompany =
    input.company === null
      ? null
      : catalogue.company(catalogue.cards.get(input.company)?.merged_into ?? input.company).name;
  const before = task.parsed;
  const routed = await routeAnew(
    s,
    catalogue,
    {
      ...task,
      company: toCompany ?? (before.reasons.some((r) => /chosen by hand/.test(r)) ? before.company : null),
      complexity: input.complexity,
    },
    task.project_id,
  );
  const waiting = task.status === 'OPEN' || task.status === 'NEEDS_HUMAN';
  const deliveries = await transaction(s.db, async (q) => {
    await rememberCorrection(q, {
      taskId: input.taskId,
      title: task.title,
      fromCompany: before.company,
      toCompany,
      fromComplexity: before.complexity,
      toComplexity: input.complexity,
      actor: actor.name,
    });
    if (!waiting) return [];
    await storeVersions(q, versionsOf(catalogue, routed.plan.stages));
    return await editTask(q, input.taskId, task.ver, {}, { ...routed, byHand: true }, actor);
  });
  await publishDeliveries(s.db.pool, s.queue, deliveries).catch(() => {});
  return { applied: waiting };
}

/** What was done with tasks like this one, when it is something else than its route. */
export async function suggestionOf(s: Services, taskId: number): Promise<Suggestion | null> {
  const task = await taskRow(s, taskId);
  if (!task.parsed || (task.status !== 'OPEN' && task.status !== 'NEEDS_HUMAN')) return null;
  return suggestionFor(task.title, task.parsed, await readCorrections(s.db.pool), taskId);
}
