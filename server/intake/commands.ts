import { createHash } from 'node:crypto';
import { AlaiError } from '#server/domain/errors.ts';
import type { ChainPlan } from '#server/domain/plan.ts';
import {
  type Created,
  type CreateTasks,
  createTasksSchema,
  type NewTask,
} from '#server/domain/views/new-task.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { createTasks, type NewWork } from '#server/engine/create.ts';
import type { Actor } from '#server/engine/event.ts';
import { type Delivery, type Publisher, publishDeliveries } from '#server/engine/outbox.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { cleanTitle } from './policy.ts';

/** A task with its way through the factory. */
export interface RoutedTask {
  route: Route;
  plan: ChainPlan | null;
}

/** What intake needs of other rooms; the API puts them together. */
export interface IntakePorts {
  /** Throws COMPANY_UNKNOWN, BLUEPRINT_UNKNOWN and their like before anything is written. */
  route(tasks: NewTask[]): Promise<RoutedTask[]>;
  /** Keeps the versions of companies and blueprints that the plans refer to. */
  storeVersions(q: Queryable, plans: ChainPlan[]): Promise<void>;
  /** An id or a folder path becomes a known project; throws PROJECT_* errors. */
  project(reference: string): Promise<{ id: string }>;
}

/** A pipeline that is there already, which the tasks join instead of making one. */
export interface Joining {
  pipelineId: number;
  projectId: string | null;
  /** In the same transaction, once they are written. */
  once(q: Queryable, taskIds: number[]): Promise<Delivery[]>;
}

/** Keys inside the request become positions; numbers are tasks that exist already. */
function dependenciesOf(
  task: NewTask,
  keys: Map<string, number>,
): Pick<NewWork, 'dependsOn' | 'dependsOnTasks'> {
  const dependsOn: number[] = [];
  const dependsOnTasks: number[] = [];
  for (const d of task.dependsOn) {
    if (typeof d === 'number') dependsOnTasks.push(d);
    else {
      const at = keys.get(d);
      if (at === undefined)
        throw new AlaiError(
          'BAD_INPUT',
          `"${task.title}" depends on "${d}", and no task of this request has that key.`,
          'Correct the key, or use the number of an existing task.',
        );
      dependsOn.push(at);
    }
  }
  return { dependsOn, dependsOnTasks };
}

/**
 * Accepts a request once: the same key and request again answer what the first one made, the same key with another request
 * is refused. Everything is checked before anything is written.
 */
export async function acceptTasks(
  db: Db,
  publisher: Publisher,
  input: CreateTasks,
  actor: Actor,
  ports: IntakePorts,
  into?: Joining,
): Promise<Created> {
  const request = createTasksSchema.parse(input);
  const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  const before = await remembered(db.pool, actor, request.idempotencyKey, hash);
  if (before) return before;

  const titles = request.tasks.map((t) => cleanTitle(t.title));
  const keys = new Map<string, number>();
  request.tasks.forEach((t, i) => {
    if (t.key === undefined) return;
    if (keys.has(t.key))
      throw new AlaiError(
        'BAD_INPUT',
        `Two tasks of this request have the key "${t.key}".`,
        'Give each its own key.',
      );
    keys.set(t.key, i);
  });
  const routed = await ports.route(request.tasks.map((t, i) => ({ ...t, title: titles[i] as string })));
  const works = request.tasks.map((t, i): NewWork => {
    const { route, plan } = routed[i] as RoutedTask;
    return {
      title: titles[i] as string,
      description: t.description,
      priority: t.priority,
      tags: t.tags,
      owner: t.owner ?? actor.name,
      parentId: t.parentId,
      origin: 'human',
      route,
      plan,
      ...dependenciesOf(t, keys),
    };
  });
  const project = request.project ? await ports.project(request.project) : null;

  const { created, deliveries } = await transaction(db, async (q) => {
    await q.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `${actor.name}:${request.idempotencyKey}`,
    ]);
    const raced = await remembered(q, actor, request.idempotencyKey, hash);
    if (raced) return { created: raced, deliveries: [] as Delivery[] };
    await ports.storeVersions(
      q,
      works.flatMap((w) => (w.plan ? [w.plan] : [])),
    );
    const made = await createTasks(
      q,
      {
        title: request.pipelineTitle ?? titles[0] ?? '',
        projectId: into?.projectId ?? project?.id ?? null,
        pipelineId: into?.pipelineId,
        works,
      },
      actor,
    );
    if (into) made.deliveries.push(...(await into.once(q, made.taskIds)));
    const answer: Created = {
      pipelineId: made.pipelineId,
      taskIds: made.taskIds,
      projectId: into?.projectId ?? project?.id ?? null,
    };
    await q.query('INSERT INTO idempotency(actor, key, request_hash, response) VALUES ($1, $2, $3, $4)', [
      actor.name,
      request.idempotencyKey,
      hash,
      JSON.stringify(answer),
    ]);
    return { created: answer, deliveries: made.deliveries };
  });
  // The tasks are safe; what is not delivered now the conductor delivers.
  await publishDeliveries(db.pool, publisher, deliveries).catch(() => {});
  return created;
}

async function remembered(q: Queryable, actor: Actor, key: string, hash: string): Promise<Created | null> {
  const { rows } = await q.query<{ request_hash: string; response: Created }>(
    'SELECT request_hash, response FROM idempotency WHERE actor = $1 AND key = $2',
    [actor.name, key],
  );
  const row = rows[0];
  if (!row) return null;
  if (row.request_hash !== hash)
    throw new AlaiError(
      'IDEMPOTENCY_KEY_REUSED',
      'This key was used for another request.',
      'Send a new key with a new request.',
    );
  return row.response;
}
