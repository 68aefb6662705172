import { createHash } from 'node:crypto';
import { AlaiError } from '#server/domain/errors.ts';
import { type ChainPlan, chainPlanSchema, stepKeys } from '#server/domain/plan.ts';
import {
  allowedMoves,
  isLiveTask,
  liveTaskStatuses,
  type Stage,
  type TaskStatus,
} from '#server/domain/status.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { acceptChain, lockChain } from './chain.ts';
import { holdForSafety } from './create.ts';
import { withdrawEscalations } from './escalation.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import { move } from './move.ts';
import { type Delivery, queueTasks } from './outbox.ts';

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

function refuse(t: TaskRow, wish: string): AlaiError {
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

/** SHA-256 over the text a safety approval is bound to. */
export function textDigest(t: { title: string; description: string }): string {
  return createHash('sha256')
    .update(JSON.stringify([t.title, t.description]))
    .digest('hex');
}

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

/** Ends the agent that works on it, and the steps it had not done. */
export async function endLiveAttempt(
  q: Queryable,
  taskId: number,
  actor: Actor,
  reason: string,
): Promise<void> {
  const { rows } = await q.query<{ id: number }>(
    `SELECT id FROM attempt WHERE task_id = $1 AND state IN ('LEASED', 'RUNNING')`,
    [taskId],
  );
  for (const a of rows)
    await move(q, {
      machine: 'attempt',
      id: a.id,
      from: ['LEASED', 'RUNNING'],
      to: 'CANCELLED',
      actor,
      reason,
      patch: { ended_at: { sql: 'clock_timestamp()' }, error_code: 'CANCELLED', error: reason },
    });
  const steps = await q.query<{ id: number }>(
    `SELECT id FROM step WHERE task_id = $1 AND state IN ('PENDING', 'RUNNING')`,
    [taskId],
  );
  for (const s of steps.rows)
    await move(q, {
      machine: 'step',
      id: s.id,
      from: ['PENDING', 'RUNNING'],
      to: 'CANCELLED',
      actor,
      reason,
    });
}

/** Ends a task for good (until reopened). On a stage task it cancels the whole chain. */
export async function cancelTask(q: Queryable, id: number, actor: Actor, reason: string): Promise<void> {
  let t = await liveTask(q, await lockTask(q, id));
  const chain = t.chain_id === null ? null : await lockChain(q, t.chain_id);
  // Only now nobody else can open a stage of it: an answer that took effect meanwhile may have.
  if (chain && !isLiveTask(t.status)) t = await liveTask(q, t);
  if (!isLiveTask(t.status) && !(chain && ['ACTIVE', 'NEEDS_HUMAN'].includes(chain.state)))
    throw refuse(t, 'cancelled');
  await endLiveAttempt(q, t.id, actor, reason);
  if (isLiveTask(t.status))
    await move(q, {
      machine: 'task',
      id: t.id,
      from: liveTaskStatuses,
      to: 'CANCELLED',
      actor,
      reason,
      patch: { finished_at: { sql: 'clock_timestamp()' } },
    });
  if (chain && chain.state !== 'FINISHED' && chain.state !== 'CANCELLED')
    await move(q, {
      machine: 'chain',
      id: chain.id,
      from: chain.state,
      to: 'CANCELLED',
      actor,
      reason,
      patch: { finished_at: { sql: 'clock_timestamp()' } },
    });
  await withdrawEscalations(q, { taskId: t.id, ...(chain ? { chainId: chain.id } : {}) }, 'Cancelled');
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
}

/** Done by hand: the human did it himself, so what waited for it may go on. */
export async function finishByHand(
  q: Queryable,
  id: number,
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  const t = await liveTask(q, await lockTask(q, id));
  if (t.status !== 'OPEN' && t.status !== 'NEEDS_HUMAN') throw refuse(t, 'done by hand');
  await move(q, {
    machine: 'task',
    id: t.id,
    from: ['OPEN', 'NEEDS_HUMAN'],
    to: 'DONE',
    actor,
    reason,
    patch: { finished_at: { sql: 'clock_timestamp()' }, verdict: 'pass', unmet: 0 },
  });
  // It waits for nothing any more: what still ends later must not count it down once more.
  await q.query(
    'UPDATE dependency SET satisfied_at = clock_timestamp() WHERE task_id = $1 AND satisfied_at IS NULL',
    [t.id],
  );
  const steps = await q.query<{ id: number }>(
    `SELECT id FROM step WHERE task_id = $1 AND state IN ('PENDING', 'RUNNING')`,
    [t.id],
  );
  for (const s of steps.rows)
    await move(q, {
      machine: 'step',
      id: s.id,
      from: ['PENDING', 'RUNNING'],
      to: 'CANCELLED',
      actor,
      reason,
    });
  await withdrawEscalations(q, { taskId: t.id }, 'Done by hand');
  const out: Delivery[] = [];
  if (t.chain_id !== null) {
    const chain = await lockChain(q, t.chain_id);
    if (chain.state === 'NEEDS_HUMAN')
      await move(q, { machine: 'chain', id: chain.id, from: 'NEEDS_HUMAN', to: 'ACTIVE', actor, reason });
    if (chain.accepted_at === null) out.push(...(await acceptChain(q, chain, t, null)));
    await move(q, {
      machine: 'chain',
      id: chain.id,
      from: 'ACCEPTED',
      to: 'FINISHED',
      actor: ENGINE,
      patch: { finished_at: { sql: 'clock_timestamp()' } },
    });
  } else {
    const { rows } = await q.query<{ id: number; unmet: number }>(
      `WITH dep AS (UPDATE dependency SET satisfied_at = clock_timestamp() WHERE on_task_id = $1 AND satisfied_at IS NULL RETURNING task_id)
       UPDATE task x SET unmet = x.unmet - 1 FROM dep WHERE x.id = dep.task_id RETURNING x.id, x.unmet`,
      [t.id],
    );
    out.push(
      ...(await queueTasks(
        q,
        rows.filter((r) => r.unmet === 0).map((r) => r.id),
        ENGINE,
        `#${t.id} is done`,
      )),
    );
  }
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
  return out;
}

/** Does a finished deliverable again: a new generation, and a new chain with the same plan. */
export async function reopenTask(
  q: Queryable,
  id: number,
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  let t = await lockTask(q, id);
  if (t.chain_id !== null) {
    const chain = await lockChain(q, t.chain_id);
    if (chain.root_task_id !== t.id) t = await lockTask(q, chain.root_task_id);
    if (chain.state !== 'FINISHED' && chain.state !== 'CANCELLED')
      throw new AlaiError(
        'ILLEGAL_TRANSITION',
        `The chain of #${t.id} is still ${chain.state}.`,
        'Cancel it first, or wait until it is finished.',
      );
  }
  if (!['DONE', 'FAILED', 'CANCELLED'].includes(t.status)) throw refuse(t, 'reopened');
  const generation = t.generation + 1;
  let chainId: number | null = null;
  if (t.chain_id !== null) {
    const { rows } = await q.query<{ id: number; plan: ChainPlan }>(
      `INSERT INTO chain(pipeline_id, root_task_id, generation, plan, depth) SELECT pipeline_id, root_task_id, $2, plan, depth FROM chain WHERE id = $1 RETURNING id, plan`,
      [t.chain_id, generation],
    );
    chainId = rows[0]?.id ?? null;
  }
  await move(q, {
    machine: 'task',
    id: t.id,
    from: ['DONE', 'FAILED', 'CANCELLED'],
    to: 'OPEN',
    actor,
    reason,
    patch: {
      generation,
      chain_id: chainId,
      verdict: null,
      finished_at: null,
      started_at: null,
      head: null,
      base: null,
      report: null,
      failed_attempts: 0,
      infra_losses: 0,
      feedback: reason,
      approved_digest: null,
    },
  });
  if (t.route?.held) await holdForSafety(q, t.id, t.title, t.route.held);
  const out = await queueTasks(q, [t.id], ENGINE, `Reopened by ${actor.name}`);
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
  return out;
}

export interface EditPatch {
  title?: string;
  description?: string;
  priority?: 'H' | 'M' | 'L';
  tags?: string[];
  owner?: string | null;
}

/**
 * Changes the text of a task that no agent has begun. The route is given anew by the caller (routing knows, the engine does
 * not); an edit of an approved text holds it again, because the approval was of another text.
 */
export async function editTask(
  q: Queryable,
  id: number,
  version: number,
  patch: EditPatch,
  routed: { route: Route; plan: ChainPlan | null; byHand?: boolean } | null,
  actor: Actor,
): Promise<Delivery[]> {
  const t = await lockTask(q, id);
  if (t.ver !== version)
    throw new AlaiError(
      'CONFLICT',
      `Task #${id} was changed by somebody else.`,
      'Look at the new version and edit again.',
    );
  const textual =
    (patch.title ?? t.title) !== t.title || (patch.description ?? t.description) !== t.description;
  const waiting = t.status === 'OPEN' || t.status === 'NEEDS_HUMAN';
  if (textual && !waiting) throw refuse(t, 'edited');
  // The rails read tags too.
  const judged = waiting && (textual || (patch.tags !== undefined && patch.tags.join() !== t.tags.join()));
  // A person's own choice of company changes the way and not the text: what was approved stays approved.
  const corrected = waiting && routed?.byHand === true;
  const anew = (judged || corrected) && routed && (await untouched(q, t)) ? routed : null;
  if (corrected && !anew) throw refuse(t, 'given to another company');
  const route =
    anew?.route ?? (judged && routed && t.route ? { ...t.route, held: routed.route.held } : t.route);
  const head = anew?.plan?.stages[0];
  await q.query(
    `UPDATE task SET title = coalesce($2, title), description = coalesce($3, description), priority = coalesce($4, priority), tags = coalesce($5, tags),
       owner = CASE WHEN $6 THEN $7 ELSE owner END, ver = ver + 1,
       approved_digest = CASE WHEN $8 THEN NULL ELSE approved_digest END,
       route = coalesce($9::jsonb, route), company = coalesce($10, company), company_hash = coalesce($11, company_hash),
       blueprint = coalesce($12, blueprint), blueprint_hash = coalesce($13, blueprint_hash), tier = coalesce($14, tier)
     WHERE id = $1`,
    [
      id,
      patch.title ?? null,
      patch.description ?? null,
      patch.priority ?? null,
      patch.tags ?? null,
      patch.owner !== undefined,
      patch.owner ?? null,
      judged,
      route ? toJson(route) : null,
      anew?.route.company ?? null,
      head?.companyHash ?? null,
      head?.blueprint ?? null,
      head?.blueprintHash ?? null,
      anew?.route.tier ?? null,
    ],
  );
  if (anew?.plan && head && t.chain_id !== null) {
    const plan = chainPlanSchema.parse(anew.plan);
    const keys = stepKeys(plan, head);
    await q.query('UPDATE chain SET plan = $2 WHERE id = $1', [t.chain_id, toJson(plan)]);
    await q.query('UPDATE task SET steps = $2, integrates = $3 WHERE id = $1', [
      id,
      keys,
      keys.length > head.steps.length,
    ]);
  }
  await appendEvents(q, [
    {
      type: 'task.edited',
      entity: 'task',
      id,
      ver: t.ver + 1,
      actor,
      projectId: t.project_id,
      pipelineId: t.pipeline_id,
      taskId: id,
      data: {
        patch: { ...patch },
        route: judged || corrected ? route : null,
        set: anew ? { company: anew.route.company, tier: anew.route.tier } : {},
      },
    },
  ]);
  if (judged) await askAgain(q, t, patch.title ?? t.title, route?.held ?? null, actor);
  const out = await queueTasks(q, [id], ENGINE, 'Edited');
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
  return out;
}

/** Only the first task of a chain, before any agent: later ones have their company and their steps already. */
async function untouched(q: Queryable, t: TaskRow): Promise<boolean> {
  const { rows } = await q.query(
    `SELECT 1 FROM task t LEFT JOIN chain c ON c.id = t.chain_id
     WHERE t.id = $1 AND (c.id IS NULL OR c.root_task_id = t.id)
       AND NOT EXISTS (SELECT 1 FROM step s WHERE s.task_id = t.id AND s.generation = t.generation)`,
    [t.id],
  );
  return rows.length > 0;
}

/** A new text answers what was asked about the old one; what a human must see is asked of the new one. */
async function askAgain(
  q: Queryable,
  t: TaskRow,
  title: string,
  held: Route['held'],
  actor: Actor,
): Promise<void> {
  if (t.status === 'NEEDS_HUMAN') {
    const { rowCount: asked } = await q.query(
      `SELECT 1 FROM escalation WHERE task_id = $1 AND kind = 'safety' AND state IN ('OPEN', 'PENDING')`,
      [t.id],
    );
    if (held && asked) return;
    await withdrawEscalations(q, { taskId: t.id }, 'Edited: it was asked about another text');
    await move(q, {
      machine: 'task',
      id: t.id,
      from: 'NEEDS_HUMAN',
      to: 'OPEN',
      actor,
      reason: 'Edited',
      patch: { failed_attempts: 0, infra_losses: 0 },
    });
  }
  if (held) await holdForSafety(q, t.id, title, held);
}

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
