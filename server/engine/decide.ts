import { answerName, answersTaken, needsReason } from '#server/domain/answers.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { Answer } from '#server/domain/views/queue.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { lockChain } from './chain.ts';
import { type AnsweredRow, consequence } from './consequence.ts';
import { escalationDigest, requireQuestion } from './escalation.ts';
import { type Actor, ENGINE } from './event.ts';
import { factsOf } from './facts.ts';
import { move } from './move.ts';
import { type Delivery, type Publisher, publishDeliveries } from './outbox.ts';

/**
 * Takes the one answer of a question: OPEN -> PENDING, effective after `undoMs` on the database's clock. Whoever comes second
 * gets ALREADY_DECIDED with the name of the first.
 */
export async function decide(db: Db, input: DecideInput, actor: Actor): Promise<{ effectiveAt: Date }> {
  return await transaction(db, (q) => decideIn(q, input, actor));
}

export interface DecideInput {
  id: number;
  answer: Answer;
  digest: string;
  note: string;
  undoMs: number;
  /** The rule that gives this answer in the name of who accepted it. */
  ruleId?: number;
}

/** The same in the caller's transaction. */
export async function decideIn(
  q: Queryable,
  input: DecideInput,
  actor: Actor,
): Promise<{ effectiveAt: Date }> {
  // Agents are the authors of all work here: none of them may answer for it, whatever carries its answer.
  if (actor.kind !== 'human')
    throw new AlaiError('NOT_ALLOWED', 'Only a person can answer this.', 'Ask somebody who may decide.');
  const { rows } = await q.query<AnsweredRow>('SELECT * FROM escalation WHERE id = $1 FOR UPDATE', [
    input.id,
  ]);
  const e = rows[0];
  if (!e)
    throw new AlaiError(
      'NOT_FOUND',
      'This question does not exist.',
      'Open the queue and choose from the list.',
    );
  if (e.state !== 'OPEN')
    throw new AlaiError(
      'ALREADY_DECIDED',
      e.state === 'WITHDRAWN'
        ? 'This question was withdrawn: nobody has to answer it any more.'
        : `${e.answered_by} has answered this already: ${e.answer ? answerName(e.kind, e.answer).did : e.state}.`,
      'Nothing is left to do here.',
      { by: e.answered_by, answer: e.answer },
    );
  const taken = answersTaken(e.kind, e.context);
  if (!taken.includes(input.answer))
    throw new AlaiError(
      'BAD_INPUT',
      `This question does not take "${input.answer}".`,
      `It takes: ${taken.join(', ')}.`,
    );
  if (needsReason(e.kind, input.answer) && input.note.trim() === '')
    throw new AlaiError(
      'REASON_REQUIRED',
      `"${answerName(e.kind, input.answer).name}" needs a reason.`,
      'Say in one line why; the agents read it.',
    );
  if ((await escalationDigest(q, e.id)) !== input.digest)
    throw new AlaiError(
      'DIGEST_CHANGED',
      'What you saw has changed since.',
      'Look at it again; the answer is bound to what is shown.',
    );
  const row = await move(q, {
    machine: 'escalation',
    id: e.id,
    from: 'OPEN',
    to: 'PENDING',
    actor,
    reason: input.note,
    patch: {
      answer: input.answer,
      answered_by: actor.name,
      note: input.note,
      seen_digest: input.digest,
      facts: JSON.stringify(await factsOf(q, e.id)),
      ...(input.ruleId === undefined ? {} : { rule_id: input.ruleId }),
      effective_at: {
        // Cut, not rounded: the column keeps milliseconds, and rounding up would put an answer into the future.
        sql: `date_trunc('milliseconds', clock_timestamp()) + interval '${Math.max(0, Math.round(input.undoMs))} milliseconds'`,
      },
    },
    data: { answer: input.answer, by: actor.name, kind: e.kind },
  });
  return { effectiveAt: row?.effective_at as Date };
}

/** Takes an answer back while its ten seconds run. Throws UNDO_TOO_LATE afterwards. */
export async function undoDecision(db: Db, id: number, actor: Actor): Promise<void> {
  await transaction(db, async (q) => {
    const { rowCount } = await q.query(
      `SELECT 1 FROM escalation WHERE id = $1 AND state = 'PENDING' AND effective_at > clock_timestamp() FOR UPDATE`,
      [id],
    );
    if (!rowCount) await requireQuestion(q, id);
    if (!rowCount)
      throw new AlaiError(
        'UNDO_TOO_LATE',
        'The answer has taken effect.',
        'Reopen the task if it has to be done after all.',
      );
    await move(q, {
      machine: 'escalation',
      id,
      from: 'PENDING',
      to: 'OPEN',
      actor,
      reason: 'Undone',
      patch: { answer: null, answered_by: null, note: '', seen_digest: null, effective_at: null },
    });
  });
}

/** Turns answers whose undo is over into decisions and their consequences; one transaction each. Run by the conductor. */
export async function settleDecisions(db: Db, publisher: Publisher): Promise<number> {
  const due = await db.pool.query<{ id: number }>(
    `SELECT id FROM escalation WHERE state = 'PENDING' AND effective_at <= clock_timestamp() ORDER BY effective_at LIMIT 50`,
  );
  const broken: unknown[] = [];
  for (const { id } of due.rows) {
    // One answer that cannot take effect must not keep those behind it waiting.
    const deliveries = await transaction(db, (q) => settle(q, id)).catch((e) => {
      broken.push(e);
      return [];
    });
    await publishDeliveries(db.pool, publisher, deliveries).catch(() => {});
  }
  if (broken.length > 0) throw new AggregateError(broken, `${broken.length} answers could not take effect`);
  return due.rows.length;
}

/**
 * What a question is about, locked before the question itself, as everybody locks them: an edit that ends meanwhile is seen
 * by the comparison that follows, and none can come between it and its consequence.
 */
async function lockSubject(q: Queryable, id: number): Promise<void> {
  const { rows } = await q.query<{ task_id: number | null; chain_id: number | null }>(
    'SELECT task_id, chain_id FROM escalation WHERE id = $1',
    [id],
  );
  const [about] = rows;
  if (about?.task_id != null) await q.query('SELECT 1 FROM task WHERE id = $1 FOR UPDATE', [about.task_id]);
  else if (about?.chain_id != null) await lockChain(q, about.chain_id);
}

async function settle(q: Queryable, id: number): Promise<Delivery[]> {
  await lockSubject(q, id);
  const { rows } = await q.query<AnsweredRow>(
    `SELECT * FROM escalation WHERE id = $1 AND state = 'PENDING' AND effective_at <= clock_timestamp() FOR UPDATE SKIP LOCKED`,
    [id],
  );
  const e = rows[0];
  if (!e?.answer || !e.answered_by) return [];
  // Bound to what was seen: if the text or the work changed during the ten seconds, it asks again.
  if ((await escalationDigest(q, id)) !== e.seen_digest) {
    await move(q, {
      machine: 'escalation',
      id,
      from: 'PENDING',
      to: 'OPEN',
      actor: { kind: 'human', name: e.answered_by },
      reason: 'What was shown changed before the answer took effect',
      patch: { answer: null, answered_by: null, note: '', seen_digest: null, effective_at: null },
    });
    return [];
  }
  await q.query(
    `INSERT INTO decision(escalation_id, answer, decided_by, note, seen_digest) VALUES ($1, $2, $3, $4, $5)`,
    [id, e.answer, e.answered_by, e.note, e.seen_digest],
  );
  await move(q, {
    machine: 'escalation',
    id,
    from: 'PENDING',
    to: 'ANSWERED',
    actor: ENGINE,
    reason: e.note,
    patch: { closed_at: { sql: 'clock_timestamp()' } },
    data: { answer: e.answer, by: e.answered_by },
  });
  return await consequence(q, e, { kind: 'human', name: e.answered_by });
}
