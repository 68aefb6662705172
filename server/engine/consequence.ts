import { createHash } from 'node:crypto';
import { isChoice } from '#server/domain/answers.ts';
import { stageOf } from '#server/domain/plan.ts';
import type { Answer, EscalationKind } from '#server/domain/views/queue.ts';
import type { Queryable } from '#server/platform/db.ts';
import { askAnew, type Elsewhere } from './account-question.ts';
import { cancelTask } from './cancel.ts';
import { lockChain } from './chain.ts';
import { writeOutcome } from './effect.ts';
import { type Actor, ENGINE } from './event.ts';
import { tellTier } from './failure.ts';
import { move } from './move.ts';
import { type Delivery, queueTasks } from './outbox.ts';
import { openStageAnyway } from './override.ts';
import { type RaiseOffer, raiseBudget } from './short-of-money.ts';
import { openStage } from './stage.ts';

/** SHA-256 over the text a safety approval is bound to. */
function textDigest(t: { title: string; description: string }): string {
  return createHash('sha256')
    .update(JSON.stringify([t.title, t.description]))
    .digest('hex');
}

/** A question with its answer, as its row holds it. */
export interface AnsweredRow {
  id: number;
  kind: EscalationKind;
  task_id: number | null;
  chain_id: number | null;
  effect_id: number | null;
  state: string;
  answer: Answer | null;
  answered_by: string | null;
  note: string;
  seen_digest: string | null;
  context: { budget?: RaiseOffer; elsewhere?: Elsewhere | null };
}

/** What an answer does to the work, once it cannot be taken back. The caller holds the question and what it is about. */
export async function consequence(q: Queryable, e: AnsweredRow, human: Actor): Promise<Delivery[]> {
  if (e.kind === 'effect' && e.effect_id !== null)
    await writeOutcome(q, e.effect_id, e.answer === 'approve' ? 'DONE' : 'ABANDONED', human);
  const offer = e.kind === 'budget' ? e.context.budget : undefined;
  if (offer && e.answer === 'approve') await raiseBudget(q, offer, offer.raise);
  if (offer?.more && e.answer === 'send_back') await raiseBudget(q, offer, offer.more);
  if (e.task_id !== null && e.kind === 'dependency') {
    const { rowCount: waits } = await q.query(
      `SELECT 1 FROM task WHERE id = $1 AND status = 'OPEN' FOR UPDATE`,
      [e.task_id],
    );
    if (!waits) return [];
    if (e.answer === 'reject') {
      await cancelTask(q, e.task_id, human, e.note);
      return [];
    }
    await q.query(
      `UPDATE dependency SET satisfied_at = clock_timestamp() WHERE task_id = $1 AND satisfied_at IS NULL`,
      [e.task_id],
    );
    await q.query('UPDATE task SET unmet = 0 WHERE id = $1', [e.task_id]);
    return await queueTasks(q, [e.task_id], ENGINE, `${human.name} lets it start all the same`);
  }
  if (e.task_id !== null) return await taskConsequence(q, e, e.task_id, human);
  if (e.chain_id !== null) return await chainConsequence(q, e, e.chain_id, human);
  return [];
}

async function taskConsequence(
  q: Queryable,
  e: AnsweredRow,
  taskId: number,
  human: Actor,
): Promise<Delivery[]> {
  const t = (
    await q.query<{
      title: string;
      description: string;
      status: string;
      tier: number;
      pipeline_id: number;
      project_id: string;
    }>('SELECT * FROM task WHERE id = $1 FOR UPDATE', [taskId])
  ).rows[0];
  if (!t) return [];
  if (e.kind === 'consent' && e.answer === 'approve')
    await q.query('UPDATE project SET unsandboxed_allowed = true WHERE id = $1', [t.project_id]);
  // Cancelled or begun anew in the ten seconds: the answer stays written, and does nothing to what is there now.
  if (t.status !== 'NEEDS_HUMAN') return [];
  if (e.answer === 'reject') {
    if (e.kind === 'safety') await cancelTask(q, taskId, human, e.note);
    else {
      const steps = await q.query<{ id: number }>(
        `SELECT id FROM step WHERE task_id = $1 AND state = 'PENDING'`,
        [taskId],
      );
      for (const s of steps.rows)
        await move(q, {
          machine: 'step',
          id: s.id,
          from: 'PENDING',
          to: 'FAILED',
          actor: human,
          reason: e.note,
        });
      await move(q, {
        machine: 'task',
        id: taskId,
        from: 'NEEDS_HUMAN',
        to: 'FAILED',
        actor: human,
        reason: e.note,
        patch: { finished_at: { sql: 'clock_timestamp()' } },
      });
      await cancelChainOf(q, taskId, human, e.note);
    }
    await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
    return [];
  }
  const moves = e.answer === 'send_back' ? e.context.elsewhere : null;
  if (e.answer === 'approve' && (e.kind === 'key' || e.kind === 'quota')) await askAnew(q, taskId, human);
  await move(q, {
    machine: 'task',
    id: taskId,
    from: 'NEEDS_HUMAN',
    to: 'OPEN',
    actor: human,
    reason: e.note,
    patch: {
      failed_attempts: 0,
      infra_losses: 0,
      ...(e.kind === 'safety' ? { approved_digest: textDigest(t) } : {}),
      ...(moves ? { tier: moves.tier } : {}),
      ...(e.answer === 'send_back' && !isChoice(e.kind, 'send_back') ? { feedback: e.note } : {}),
    },
  });
  if (moves) {
    await tellTier(q, taskId, t.tier, moves.tier, `${human.name} chose it`);
    // Below the tier of its route it would be on a detour, and be taken back from where a person sent it.
    await q.query(
      `UPDATE task SET route = jsonb_set(route, '{tier}', to_jsonb($2::int)) WHERE id = $1 AND (route->>'tier')::int > $2`,
      [taskId, moves.tier],
    );
  }
  const out = await queueTasks(
    q,
    [taskId],
    ENGINE,
    moves
      ? `${human.name} sends it to tier ${moves.tier}`
      : e.answer === 'approve' || isChoice(e.kind, 'send_back')
        ? `Approved by ${human.name}`
        : `Sent back by ${human.name}: ${e.note}`,
  );
  await q.query('SELECT alai_derive($1)', [[t.pipeline_id]]);
  return out;
}

async function cancelChainOf(q: Queryable, taskId: number, human: Actor, reason: string): Promise<void> {
  const { rows } = await q.query<{ id: number; state: string }>(
    `SELECT c.id, c.state FROM chain c JOIN task t ON t.chain_id = c.id WHERE t.id = $1 AND c.state IN ('ACTIVE', 'NEEDS_HUMAN', 'ACCEPTED')`,
    [taskId],
  );
  for (const c of rows)
    await move(q, {
      machine: 'chain',
      id: c.id,
      from: c.state,
      to: 'CANCELLED',
      actor: human,
      reason,
      patch: { finished_at: { sql: 'clock_timestamp()' } },
    });
}

async function chainConsequence(
  q: Queryable,
  e: AnsweredRow,
  chainId: number,
  human: Actor,
): Promise<Delivery[]> {
  const chain = await lockChain(q, chainId);
  if (chain.state !== 'NEEDS_HUMAN') return [];
  const last = (
    await q.query<{ id: number; stage: 'REVIEW' }>(
      `SELECT id, stage FROM task WHERE chain_id = $1 AND status = 'DONE' ORDER BY id DESC LIMIT 1`,
      [chainId],
    )
  ).rows[0];
  if (e.answer === 'reject') {
    await move(q, {
      machine: 'chain',
      id: chainId,
      from: 'NEEDS_HUMAN',
      to: 'CANCELLED',
      actor: human,
      reason: e.note,
      patch: { finished_at: { sql: 'clock_timestamp()' } },
    });
    await q.query('SELECT alai_derive($1)', [[chain.pipeline_id]]);
    return [];
  }
  await move(q, {
    machine: 'chain',
    id: chainId,
    from: 'NEEDS_HUMAN',
    to: 'ACTIVE',
    actor: human,
    reason: e.note,
  });
  await q.query('UPDATE chain SET rejects = 0, merge_returns = 0, cycle = cycle + 1 WHERE id = $1', [
    chainId,
  ]);
  const next = { cycle: chain.cycle + 1, because: `${human.name}: ${e.note || 'approved'}`, head: null };
  const out =
    e.kind === 'rejects' && e.answer === 'approve'
      ? await openStageAnyway(q, chain, last, next)
      : e.kind === 'minion' && e.answer === 'approve'
        ? await openStage(q, chain, last ?? null, 'BUILD', { ...next, mendsTask: null, mergeOnly: true })
        : await openStage(
            q,
            chain,
            last ?? null,
            e.kind === 'merge' && e.answer === 'approve' && stageOf(chain.plan, 'REVIEW')
              ? 'REVIEW'
              : 'BUILD',
            {
              ...next,
              mendsTask: e.answer === 'send_back' && last ? last.id : null,
              note: e.note,
            },
          );
  await q.query('SELECT alai_derive($1)', [[chain.pipeline_id]]);
  return out;
}
