import { AlaiError } from '#server/domain/errors.ts';
import type { DecisionFacts } from '#server/domain/views/question.ts';
import type { EscalationKind } from '#server/domain/views/queue.ts';
import { type Actor, appendEvents } from '#server/engine/event.ts';
import { type Db, transaction } from '#server/platform/db.ts';
import { readForPatterns } from './history.ts';
import { coverOf, patternsOf, sameFacts } from './patterns.ts';
import { readRules } from './rules.ts';

/**
 * Makes a rule of a pattern that is offered now: what was never seen cannot be accepted, and a pattern that was broken
 * since it was shown is refused.
 */
export async function acceptRule(
  db: Db,
  ask: { kind: EscalationKind; facts: DecisionFacts },
  actor: Actor,
): Promise<{ id: number }> {
  return await transaction(db, async (q) => {
    await q.query('LOCK TABLE approval_rule IN SHARE ROW EXCLUSIVE MODE');
    const inForce = (await readRules(q)).filter((r) => r.revokedAt === null);
    const pattern = patternsOf(await readForPatterns(q), inForce).find(
      (p) => p.kind === ask.kind && sameFacts(p.facts, ask.facts),
    );
    if (!pattern)
      throw new AlaiError(
        'DIGEST_CHANGED',
        'This is not offered any more: a rule covers it, or a newer decision breaks the pattern.',
        'Look at the offers again.',
      );
    const { rows } = await q.query<{ id: number }>(
      `INSERT INTO approval_rule(kind, company, stage, area, labels, said, from_decisions, accepted_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
      [
        pattern.kind,
        pattern.facts.company,
        pattern.facts.stage,
        pattern.facts.area,
        pattern.facts.labels,
        coverOf(pattern.kind, pattern.facts),
        pattern.decisions,
        actor.name,
      ],
    );
    const id = rows[0]?.id as number;
    await appendEvents(q, [
      {
        type: 'rule.accepted',
        entity: 'rule',
        id,
        ver: 1,
        actor,
        reason: pattern.said,
        data: { ...pattern },
      },
    ]);
    return { id };
  });
}

/** Ends a rule now. What it answered stays answered; an answer of it whose ten seconds run can still be undone. */
export async function revokeRule(db: Db, id: number, actor: Actor): Promise<void> {
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ said: string; revoked_at: Date | null }>(
      'SELECT said, revoked_at FROM approval_rule WHERE id = $1 FOR UPDATE',
      [id],
    );
    const rule = rows[0];
    if (!rule)
      throw new AlaiError('NOT_FOUND', `Rule ${id} does not exist.`, 'Choose from the list of rules.');
    if (rule.revoked_at) return;
    await q.query('UPDATE approval_rule SET revoked_by = $2, revoked_at = clock_timestamp() WHERE id = $1', [
      id,
      actor.name,
    ]);
    await appendEvents(q, [{ type: 'rule.revoked', entity: 'rule', id, ver: 2, actor, reason: rule.said }]);
  });
}
