import { AlaiError } from '#server/domain/errors.ts';
import { chainPlanSchema, stageAfter, stageOf } from '#server/domain/plan.ts';
import { type Stage, stages } from '#server/domain/status.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { lockChain } from './chain.ts';
import { withdrawEscalations } from './escalation.ts';
import { type Actor, appendEvents } from './event.ts';
import { move } from './move.ts';
import type { Delivery } from './outbox.ts';
import { lockUnit, recount, requireReason, requireUnbegun, takeTurn, type Unit } from './unit.ts';

const derive = (q: Queryable, u: Unit) => q.query('SELECT alai_derive($1)', [[u.task.pipeline_id]]);

function tell(
  q: Queryable,
  u: Unit,
  type: string,
  actor: Actor,
  reason: string,
  data: Record<string, unknown>,
) {
  return appendEvents(q, [
    {
      type,
      entity: 'task',
      id: u.task.id,
      ver: u.task.ver,
      actor,
      reason,
      projectId: u.task.project_id,
      pipelineId: u.task.pipeline_id,
      taskId: u.task.id,
      data,
    },
  ]);
}

interface Wait {
  on: number;
  met: boolean;
}
const waitsOf = async (q: Queryable, id: number): Promise<Wait[]> =>
  (
    await q.query<Wait>(
      `SELECT on_task_id "on", satisfied_at IS NOT NULL met FROM dependency WHERE task_id = $1 ORDER BY 1`,
      [id],
    )
  ).rows;

/** Everything that these wait for, directly or not, and they themselves: each once, however many ways lead to it. */
const BEHIND = `WITH RECURSIVE back(id) AS (
  SELECT unnest($1::bigint[]) UNION SELECT d.on_task_id FROM back JOIN dependency d ON d.task_id = back.id)`;

/** The shortest way from one of `from` to `to` along what waits for what. */
function wayTo(
  to: number,
  from: readonly number[],
  edges: readonly { task: number; on: number }[],
): number[] {
  const by = Map.groupBy(edges, (e) => e.task);
  const cameFrom = new Map<number, number | null>(from.map((id) => [id, null]));
  for (const id of cameFrom.keys())
    for (const { on } of by.get(id) ?? []) if (!cameFrom.has(on)) cameFrom.set(on, id);
  const way: number[] = [];
  for (let id: number | null | undefined = to; id != null; id = cameFrom.get(id)) way.unshift(id);
  return way;
}

/** Refuses an order in which something would wait for itself, and names the ring. */
async function refuseRing(q: Queryable, id: number, on: readonly number[]): Promise<void> {
  const { rowCount: ring } = await q.query(`${BEHIND} SELECT 1 FROM back WHERE id = $2`, [on, id]);
  if (!ring) return;
  const { rows } = await q.query<{ task: number; on: number }>(
    `${BEHIND} SELECT d.task_id task, d.on_task_id "on" FROM dependency d JOIN back ON back.id = d.task_id WHERE d.task_id <> $2`,
    [on, id],
  );
  throw new AlaiError(
    'DEPENDENCY_CYCLE',
    `These would wait for each other: ${[id, ...wayTo(id, on, rows)].map((n) => `#${n}`).join(' -> ')}.`,
    'Remove one of these dependencies first.',
  );
}

/** The rows for these dependencies; a number of a later stage stands for its chain. Answers the numbers that are waited for. */
async function addWaits(q: Queryable, id: number, on: readonly number[]): Promise<number[]> {
  if (on.length === 0) return [];
  // Locked while it is read: what ends meanwhile is seen as ended, or counts the new row down (see missed.ts).
  const known = await q.query<{ asked: number; root: number; chained: boolean }>(
    `SELECT o.id asked, coalesce(c.root_task_id, o.id) root, o.chain_id IS NOT NULL chained
     FROM task o LEFT JOIN chain c ON c.id = o.chain_id WHERE o.id = ANY($1) ORDER BY o.id FOR SHARE OF o`,
    [on],
  );
  const missing = on.find((o) => !known.rows.some((k) => k.asked === o));
  if (missing !== undefined)
    throw new AlaiError('NOT_FOUND', `Task #${missing} does not exist.`, 'Name tasks of this pipeline.');
  const roots = [...new Set(known.rows.map((k) => k.root))];
  if (roots.includes(id))
    throw new AlaiError('DEPENDENCY_CYCLE', `#${id} cannot wait for itself.`, 'Leave it out of the list.');
  await refuseRing(q, id, roots);
  await q.query(
    `INSERT INTO dependency(task_id, on_task_id, kind, satisfied_at)
     SELECT $1, o.id, CASE WHEN o.chain_id IS NULL THEN 'done' ELSE 'accepted' END,
       CASE WHEN o.chain_id IS NULL AND o.status = 'DONE' THEN clock_timestamp() ELSE c.accepted_at END
     FROM task o LEFT JOIN chain c ON c.id = o.chain_id WHERE o.id = ANY($2) ON CONFLICT DO NOTHING`,
    [id, roots],
  );
  return roots;
}

/**
 * Changes what a task waits for, before it starts. `seen` is what the human saw that it waits for: when that has changed
 * meanwhile, the order he gives is about something else, and is refused.
 */
export async function reorder(
  q: Queryable,
  o: { taskId: number; waitsFor: number[]; seen: number[] },
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  requireReason(reason);
  await takeTurn(q);
  const u = await lockUnit(q, o.taskId);
  requireUnbegun(u, 'given another place');
  const before = (await waitsOf(q, u.task.id)).map((w) => w.on);
  const seen = [...new Set(o.seen)].sort((a, b) => a - b);
  if (before.join() !== seen.join())
    throw new AlaiError(
      'CONFLICT',
      `What #${u.task.id} waits for was changed by somebody else.`,
      `It waits for ${before.map((n) => `#${n}`).join(', ') || 'nothing'} now. Look again.`,
    );
  const wanted = await q.query<{ root: number }>(
    `SELECT DISTINCT coalesce(c.root_task_id, t.id) root FROM task t LEFT JOIN chain c ON c.id = t.chain_id WHERE t.id = ANY($1)`,
    [o.waitsFor],
  );
  await q.query('DELETE FROM dependency WHERE task_id = $1 AND NOT on_task_id = ANY($2)', [
    u.task.id,
    wanted.rows.map((r) => r.root),
  ]);
  const after = await addWaits(q, u.task.id, o.waitsFor);
  await tell(q, u, 'task.amended', actor, reason, { before, after: [...after].sort((a, b) => a - b) });
  const out = await recount(q, u.task.id, actor, reason);
  await derive(q, u);
  return out;
}

/** Lets a task wait for one more, before it starts. */
export async function waitForAlso(
  q: Queryable,
  taskId: number,
  on: number,
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  requireReason(reason);
  await takeTurn(q);
  const u = await lockUnit(q, taskId);
  requireUnbegun(u, 'given another place');
  const before = (await waitsOf(q, u.task.id)).map((w) => w.on);
  const added = await addWaits(q, u.task.id, [on]);
  await tell(q, u, 'task.amended', actor, reason, { before, after: [...new Set([...before, ...added])] });
  const out = await recount(q, u.task.id, actor, reason);
  await derive(q, u);
  return out;
}

/** Writes on the timeline of an added task why it was added, and beside which. */
export async function tellAdded(
  q: Queryable,
  taskId: number,
  o: { where: 'before' | 'after'; anchor: number },
  actor: Actor,
  reason: string,
): Promise<void> {
  requireReason(reason);
  const u = await lockUnit(q, taskId);
  await tell(q, u, 'task.added', actor, reason, { where: o.where, anchor: o.anchor });
}

/**
 * Leaves work out that nobody has begun. What waited for it waits for what it waited for instead, so that the rest keeps its
 * order; a chain that is left out ends as cancelled, because it delivers nothing.
 */
export async function skip(q: Queryable, taskId: number, actor: Actor, reason: string): Promise<Delivery[]> {
  requireReason(reason);
  await takeTurn(q);
  const u = await lockUnit(q, taskId);
  requireUnbegun(u, 'skipped');
  const inherited = (await waitsOf(q, u.task.id)).filter((w) => !w.met).map((w) => w.on);
  await move(q, {
    machine: 'task',
    id: u.task.id,
    from: ['OPEN', 'QUEUED'],
    to: 'SKIPPED',
    actor,
    reason,
    patch: { finished_at: { sql: 'clock_timestamp()' } },
  });
  if (u.chain)
    await move(q, {
      machine: 'chain',
      id: u.chain.id,
      from: u.chain.state,
      to: 'CANCELLED',
      actor,
      reason,
      patch: { finished_at: { sql: 'clock_timestamp()' } },
    });
  await withdrawEscalations(q, { taskId: u.task.id, ...(u.chain ? { chainId: u.chain.id } : {}) }, 'Skipped');
  const dependants = await q.query<{ id: number }>(
    `SELECT task_id id FROM dependency WHERE on_task_id = $1 AND satisfied_at IS NULL ORDER BY 1`,
    [u.task.id],
  );
  const out: Delivery[] = [];
  for (const { id } of dependants.rows) {
    await q.query('SELECT 1 FROM task WHERE id = $1 FOR UPDATE', [id]);
    await addWaits(q, id, inherited);
    await q.query(
      'UPDATE dependency SET satisfied_at = clock_timestamp() WHERE task_id = $1 AND on_task_id = $2 AND satisfied_at IS NULL',
      [id, u.task.id],
    );
    out.push(...(await recount(q, id, actor, `#${u.task.id} is skipped: ${reason}`)));
  }
  await derive(q, u);
  return out;
}

/** The stages that guard what is merged are never left out by a word of the human on the graph. */
const optional: readonly Stage[] = ['OPS', 'DOCS'];

/** Takes a planned stage out of a chain before it begins. Only what comes after the merge may be left out. */
export async function skipStage(
  q: Queryable,
  chainId: number,
  stage: Stage,
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  requireReason(reason);
  const { rows } = await q.query<{ root_task_id: number }>('SELECT root_task_id FROM chain WHERE id = $1', [
    chainId,
  ]);
  if (!rows[0])
    throw new AlaiError('NOT_FOUND', `Chain ${chainId} does not exist.`, 'Choose a node of the pipeline.');
  if (!optional.includes(stage))
    throw new AlaiError(
      'NOT_ALLOWED',
      `${stage} guards what is merged and cannot be left out.`,
      'OPS and DOCS can be skipped; cancel the chain if it should not be merged.',
    );
  await takeTurn(q);
  // The live task before its chain, as everybody locks them.
  const live = await q.query<{ stage: Stage; status: string }>(
    `SELECT stage, status FROM task WHERE chain_id = $1 AND status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN') FOR UPDATE`,
    [chainId],
  );
  const chain = await lockChain(q, chainId);
  const at = live.rows[0]?.stage;
  if (!stageOf(chain.plan, stage) || !at || stages.indexOf(at) >= stages.indexOf(stage))
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `${stage} of #${chain.root_task_id} is not ahead any more.`,
      at === stage ? 'It has begun; stop or cancel it.' : 'Look at the pipeline again.',
    );
  const plan = chainPlanSchema.parse(chain.plan);
  const without = { ...plan, stages: plan.stages.filter((s) => s.stage !== stage) };
  await q.query('UPDATE chain SET plan = $2 WHERE id = $1', [chainId, toJson(without)]);
  const u = await lockUnit(q, chain.root_task_id);
  await tell(q, u, 'task.amended', actor, reason, {
    skipped: stage,
    next: stageAfter(without, at)?.stage ?? null,
  });
  return [];
}
