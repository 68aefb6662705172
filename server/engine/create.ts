import { AlaiError } from '#server/domain/errors.ts';
import { type ChainPlan, type StagePlan, stepKeys } from '#server/domain/plan.ts';
import type { Origin, Priority } from '#server/domain/status.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { askHuman } from './escalation.ts';
import { type Actor, appendEvents, type NewEvent } from './event.ts';
import { type Delivery, queueTasks } from './outbox.ts';

/** A task ready to be written: accepted by intake and routed. */
export interface NewWork {
  title: string;
  description: string;
  priority: Priority;
  tags: string[];
  owner: string | null;
  parentId: number | null;
  origin: Origin;
  route: Route;
  /** Null for a task without stages, which is DONE when its own steps are. */
  plan: ChainPlan | null;
  /** Indexes into the same request. */
  dependsOn: number[];
  dependsOnTasks: number[];
  depth?: number;
  /** Steps of a task without a plan. */
  steps?: string[];
}

export interface CreateInput {
  title: string;
  projectId: string | null;
  /** Join this pipeline instead of making one (follow-ups). */
  pipelineId?: number;
  works: NewWork[];
  /** False leaves them OPEN until somebody starts them. */
  start?: boolean;
}

/** Order in which every task comes after those it depends on. Throws DEPENDENCY_CYCLE naming the ring. */
function dependencyOrder(works: Pick<NewWork, 'dependsOn' | 'title'>[]): number[] {
  const state = new Map<number, 'open' | 'done'>();
  const order: number[] = [];
  const visit = (i: number, path: number[]): void => {
    if (state.get(i) === 'done') return;
    if (state.get(i) === 'open') {
      const ring = [...path.slice(path.indexOf(i)), i].map((k) => `"${works[k]?.title}"`).join(' -> ');
      throw new AlaiError(
        'DEPENDENCY_CYCLE',
        `These tasks wait for each other: ${ring}.`,
        'Remove one of these dependencies.',
      );
    }
    state.set(i, 'open');
    for (const d of works[i]?.dependsOn ?? []) visit(d, [...path, i]);
    state.set(i, 'done');
    order.push(i);
  };
  works.forEach((_, i) => {
    visit(i, []);
  });
  return order;
}

function stageColumns(plan: ChainPlan | null, stage: StagePlan | null, work: NewWork) {
  return {
    stage: stage?.stage ?? null,
    company: stage?.company ?? work.route.company,
    companyHash: stage?.companyHash ?? null,
    blueprint: stage?.blueprint ?? work.route.blueprint,
    blueprintHash: stage?.blueprintHash ?? null,
    steps: plan && stage ? stepKeys(plan, stage) : (work.steps ?? []),
    integrates: plan !== null && stage !== null && stepKeys(plan, stage).length > stage.steps.length,
  };
}

/**
 * Writes tasks, their chains and dependencies, holds what a human must see first, and queues what may start.
 * Call inside a transaction; publish the deliveries after commit.
 */
export async function createTasks(
  q: Queryable,
  input: CreateInput,
  actor: Actor,
): Promise<{ pipelineId: number; taskIds: number[]; deliveries: Delivery[] }> {
  dependencyOrder(input.works);
  await requireParents(q, input.works);
  const events: NewEvent[] = [];
  let pipelineId = input.pipelineId;
  if (pipelineId === undefined) {
    const made = await q.query<{ id: number }>(
      'INSERT INTO pipeline(title, project_id) VALUES ($1, $2) RETURNING id',
      [input.title.slice(0, 300), input.projectId],
    );
    pipelineId = (made.rows[0] as { id: number }).id;
    events.push({
      type: 'pipeline.created',
      entity: 'pipeline',
      id: pipelineId,
      ver: 1,
      to: 'OPEN',
      actor,
      projectId: input.projectId,
      pipelineId,
      data: { title: input.title },
    });
  }
  const ids = await q.query<{ id: number }>(`SELECT nextval('task_id_seq') id FROM generate_series(1, $1)`, [
    input.works.length,
  ]);
  const taskIds = ids.rows.map((r) => r.id);
  const chained = input.works.map((w, i) => ({ w, i })).filter(({ w }) => w.plan !== null);
  const chainIds = new Map<number, number>();
  if (chained.length > 0) {
    const { rows } = await q.query<{ id: number; root_task_id: number }>(
      `INSERT INTO chain(pipeline_id, root_task_id, generation, plan, depth)
       SELECT $1, u.root, 1, u.plan, u.depth FROM unnest($2::bigint[], $3::jsonb[], $4::int[]) u(root, plan, depth)
       RETURNING id, root_task_id`,
      [
        pipelineId,
        chained.map(({ i }) => taskIds[i]),
        chained.map(({ w }) => toJson(w.plan)),
        chained.map(({ w }) => w.depth ?? 0),
      ],
    );
    const byRoot = new Map(rows.map((r) => [r.root_task_id, r.id]));
    for (const { i } of chained) chainIds.set(i, byRoot.get(taskIds[i] as number) as number);
  }
  await q.query(
    `INSERT INTO task(id, title, description, priority, tags, owner, project_id, pipeline_id, chain_id, parent_id, origin, stage, company,
       company_hash, tier, blueprint, blueprint_hash, steps, integrates, route, unmet)
     SELECT t.id, t.title, t.description, t.priority, coalesce((SELECT array_agg(x) FROM jsonb_array_elements_text(t.tags) x), '{}'), t.owner,
       $2, $3, t.chain_id, t.parent_id, t.origin, t.stage, t.company, t.company_hash, t.tier, t.blueprint, t.blueprint_hash,
       coalesce((SELECT array_agg(x) FROM jsonb_array_elements_text(t.steps) x), '{}'), t.integrates, t.route, 0
     FROM jsonb_to_recordset($1::jsonb) t(id bigint, title text, description text, priority text, tags jsonb, owner text, chain_id bigint,
       parent_id bigint, origin text, stage text, company text, company_hash text, tier int, blueprint text, blueprint_hash text,
       steps jsonb, integrates boolean, route jsonb)`,
    [
      toJson(
        input.works.map((w, i) => {
          const c = stageColumns(w.plan, w.plan?.stages[0] ?? null, w);
          return {
            id: taskIds[i],
            title: w.title,
            description: w.description,
            priority: w.priority,
            tags: w.tags,
            owner: w.owner,
            chain_id: chainIds.get(i) ?? null,
            parent_id: w.parentId,
            origin: w.origin,
            stage: c.stage,
            company: c.company,
            company_hash: c.companyHash,
            tier: w.route.tier,
            blueprint: c.blueprint,
            blueprint_hash: c.blueprintHash,
            steps: c.steps,
            integrates: c.integrates,
            route: w.route,
          };
        }),
      ),
      input.projectId,
      pipelineId,
    ],
  );
  await addDependencies(q, input.works, taskIds);
  input.works.forEach((w, i) => {
    events.push({
      type: 'task.created',
      entity: 'task',
      id: taskIds[i] as number,
      ver: 1,
      to: 'OPEN',
      actor,
      projectId: input.projectId,
      pipelineId,
      taskId: taskIds[i],
      // The whole creation is in the log, so that it replays to any moment.
      data: {
        ...w,
        id: taskIds[i],
        chainId: chainIds.get(i) ?? null,
        projectId: input.projectId,
        stage: w.plan?.stages[0]?.stage ?? null,
        company: w.plan?.stages[0]?.company ?? w.route.company,
        tier: w.route.tier,
        cycle: 0,
      },
    });
    events.push({
      type: 'task.routed',
      entity: 'task',
      id: taskIds[i] as number,
      ver: 1,
      actor: { kind: 'engine', name: w.route.classifier },
      reason: w.route.reasons.join(' '),
      projectId: input.projectId,
      pipelineId,
      taskId: taskIds[i],
      data: { route: w.route },
    });
  });
  await appendEvents(q, events);
  for (const [i, w] of input.works.entries()) {
    if (w.route.held) await holdForSafety(q, taskIds[i] as number, w.title, w.route.held);
  }
  const free = taskIds.filter((_, i) => !input.works[i]?.route.held);
  const deliveries =
    input.start === false ? [] : await queueTasks(q, free, { kind: 'engine', name: 'engine' }, 'Ready');
  await q.query('SELECT alai_derive($1)', [[pipelineId]]);
  return { pipelineId, taskIds, deliveries };
}

/** OPEN -> NEEDS_HUMAN by policy, with the question. Also used when an edit makes an approved text a new one. */
export async function holdForSafety(
  q: Queryable,
  taskId: number,
  title: string,
  held: { pattern: string; reason: string },
): Promise<void> {
  await askHuman(q, {
    kind: 'safety',
    taskId,
    from: ['OPEN'],
    actor: { kind: 'policy', name: held.pattern },
    question: `May agents start on "${title}"?`,
    why: `${held.reason} Rule "${held.pattern}" asks a human before any agent sees it; only the CEO may free it.`,
    context: { pattern: held.pattern },
  });
}

async function requireParents(q: Queryable, works: NewWork[]): Promise<void> {
  const wanted = works.map((w) => w.parentId).filter((id) => id !== null);
  if (wanted.length === 0) return;
  const { rows } = await q.query<{ id: number }>('SELECT id FROM task WHERE id = ANY($1)', [wanted]);
  const known = new Set(rows.map((r) => r.id));
  const missing = wanted.find((id) => !known.has(id));
  if (missing !== undefined)
    throw new AlaiError(
      'NOT_FOUND',
      `Task #${missing} does not exist.`,
      'Name an existing task as the parent.',
    );
}

async function addDependencies(q: Queryable, works: NewWork[], taskIds: number[]): Promise<void> {
  const from: number[] = [];
  const on: number[] = [];
  works.forEach((w, i) => {
    for (const d of new Set([...w.dependsOn.map((k) => taskIds[k] as number), ...w.dependsOnTasks])) {
      from.push(taskIds[i] as number);
      on.push(d);
    }
  });
  if (from.length === 0) return;
  const { rows } = await q.query<{ asked: number }>(
    `WITH want AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) u(t, o)),
     -- A later stage's task stands for its chain, and a chain is accepted under the number of its root.
     seen AS (SELECT want.t, want.o asked, coalesce(c.root_task_id, o.id) id, o.chain_id, o.status, c.accepted_at
       FROM want JOIN task o ON o.id = want.o LEFT JOIN chain c ON c.id = o.chain_id),
     ins AS (
       INSERT INTO dependency(task_id, on_task_id, kind, satisfied_at)
       SELECT DISTINCT ON (t, id) t, id, CASE WHEN chain_id IS NULL THEN 'done' ELSE 'accepted' END,
         CASE WHEN chain_id IS NULL AND status = 'DONE' THEN now() WHEN accepted_at IS NOT NULL THEN accepted_at END
       FROM seen ORDER BY t, id, accepted_at NULLS FIRST
       RETURNING task_id, on_task_id, satisfied_at
     ), agg AS (SELECT task_id, count(*) FILTER (WHERE satisfied_at IS NULL)::int c FROM ins GROUP BY 1),
     upd AS (UPDATE task t SET unmet = agg.c FROM agg WHERE t.id = agg.task_id)
     SELECT asked FROM seen`,
    [from, on],
  );
  const known = new Set(rows.map((r) => r.asked));
  const missing = on.find((o) => !known.has(o));
  if (missing !== undefined)
    throw new AlaiError(
      'NOT_FOUND',
      `Task #${missing} does not exist.`,
      'Depend on an existing task or on one of this request.',
    );
}
