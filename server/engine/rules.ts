import { answersOf } from '#server/domain/answers.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import type { DecisionFacts } from '#server/domain/views/question.ts';
import type { EscalationKind } from '#server/domain/views/queue.ts';
import { type Db, transaction } from '#server/platform/db.ts';
import { decideIn } from './decide.ts';
import { escalationDigest } from './escalation.ts';
import { neverByRule } from './escalation-policy.ts';
import { factsOf } from './facts.ts';

export interface RuleInForce extends DecisionFacts {
  id: number;
  kind: EscalationKind;
  acceptedBy: string;
}

/** Whose answer a rule gives: its own, in the name of who accepted it. */
const ruleName = (id: number, acceptedBy: string) => `rule ${id}, accepted by ${acceptedBy}`;

/**
 * In SQL, the rule whose answer this is; null where a person answered himself, also after he took a rule's answer back
 * (`rule_id` stays then, because a rule does not answer the same question twice).
 */
export const answeringRule = (e: string) =>
  `CASE WHEN ${e}.answered_by LIKE 'rule ' || ${e}.rule_id || ', accepted by %' THEN ${e}.rule_id END`;

/** Whether a rule speaks of exactly this: the same kind, company, stage and area, and all labels of the rule. */
function matches(rule: RuleInForce, kind: EscalationKind, facts: DecisionFacts): boolean {
  return (
    !neverByRule.includes(kind) &&
    rule.kind === kind &&
    rule.company === facts.company &&
    rule.stage === facts.stage &&
    rule.area === facts.area &&
    rule.labels.every((l) => facts.labels.includes(l))
  );
}

/**
 * Rules in force answer what was asked since they were accepted, as the standing answer of who accepted them: a decision
 * like others, seen and undone like others. Once per piece of work: what comes back after a rule's answer is for a human.
 */
export async function applyRules(db: Db, undoMs: number): Promise<number> {
  const { rows: waiting } = await db.pool.query<{ id: number; kind: EscalationKind; rules: RuleInForce[] }>(
    `SELECT e.id, e.kind, jsonb_agg(jsonb_build_object('id', r.id, 'kind', r.kind, 'company', r.company, 'stage', r.stage, 'area', r.area,
       'labels', r.labels, 'acceptedBy', r.accepted_by) ORDER BY r.id) rules
     FROM approval_rule r JOIN escalation e ON e.kind = r.kind AND e.state = 'OPEN' AND e.asked_at >= r.accepted_at AND e.rule_id IS NULL
       LEFT JOIN chain c ON c.id = e.chain_id LEFT JOIN task root ON root.id = c.root_task_id
       LEFT JOIN task t ON t.id = coalesce(e.task_id, (e.context->>'lastTask')::bigint, c.root_task_id)
     WHERE r.revoked_at IS NULL AND e.kind <> ALL($1) AND r.company = coalesce(t.company, root.company, '')
       AND r.stage = coalesce(t.stage, root.stage, '') AND r.labels <@ coalesce(t.tags, root.tags, '{}')
       AND NOT EXISTS (SELECT 1 FROM escalation o WHERE o.dedupe_key = e.dedupe_key AND o.rule_id IS NOT NULL)
     -- In no order: what no rule fits after all must not keep what is behind it waiting for ever.
     GROUP BY e.id ORDER BY random() LIMIT 50`,
    [neverByRule],
  );
  let answered = 0;
  const broken: unknown[] = [];
  for (const e of waiting) {
    if (!answersOf[e.kind].includes('approve')) continue;
    answered += await transaction(db, async (q) => {
      const facts = await factsOf(q, e.id);
      const rule = facts && e.rules.find((r) => matches(r, e.kind, facts));
      // Revoked meanwhile: the row is locked, so that a rule that is being taken back answers nothing more. And nobody's
      // standing answer outlives his right to give it.
      const still =
        rule &&
        (
          await q.query(
            `SELECT 1 FROM approval_rule r JOIN app_user u ON u.name = r.accepted_by AND u.role = 'ceo' AND u.disabled_at IS NULL
             WHERE r.id = $1 AND r.revoked_at IS NULL FOR SHARE OF r`,
            [rule.id],
          )
        ).rowCount;
      const digest = await escalationDigest(q, e.id);
      if (!rule || !still || digest === null) return 0;
      await decideIn(
        q,
        {
          id: e.id,
          answer: 'approve',
          digest,
          note: `By rule ${rule.id}, which ${rule.acceptedBy} accepted.`,
          undoMs,
          ruleId: rule.id,
        },
        { kind: 'human', name: ruleName(rule.id, rule.acceptedBy) },
      );
      return 1;
    }).catch((err) => {
      // Somebody was quicker, or it is gone: nothing is left for a rule.
      if (!isAlaiError(err)) broken.push(err);
      return 0;
    });
  }
  if (broken.length > 0)
    throw new AggregateError(broken, `rules could not answer ${broken.length} questions`);
  return answered;
}
