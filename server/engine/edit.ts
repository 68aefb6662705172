import { AlaiError } from '#server/domain/errors.ts';
import { type ChainPlan, chainPlanSchema, stepKeys } from '#server/domain/plan.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { holdForSafety } from './create.ts';
import { withdrawEscalations } from './escalation.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import { move } from './move.ts';
import { type Delivery, queueTasks } from './outbox.ts';
import { lockTask, refuse, type TaskRow } from './task.ts';

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
