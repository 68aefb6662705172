import type { Rule, RulesView } from '#server/domain/views/question.ts';
import { answeringRule } from '#server/engine/rules.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import { readForPatterns } from './history.ts';
import { patternsOf } from './patterns.ts';

/** Every rule that was ever accepted, those in force first, with how often each answered. */
export async function readRules(q: Queryable): Promise<Rule[]> {
  const { rows } = await q.query<Rule>(
    `SELECT r.id, r.kind, r.said, jsonb_build_object('company', r.company, 'stage', r.stage, 'area', r.area, 'labels', r.labels) facts,
       r.from_decisions decisions, r.accepted_by "acceptedBy", r.accepted_at "acceptedAt", r.revoked_by "revokedBy", r.revoked_at "revokedAt",
       count(e.id) FILTER (WHERE e.state = 'ANSWERED')::int uses, max(e.closed_at) FILTER (WHERE e.state = 'ANSWERED') "lastUsedAt"
     FROM approval_rule r LEFT JOIN escalation e ON e.rule_id = r.id AND ${answeringRule('e')} = r.id GROUP BY r.id ORDER BY r.revoked_at IS NOT NULL, r.id DESC LIMIT 500`,
  );
  return rows.map((r) => ({ ...r, decisions: r.decisions.map(Number) }));
}

/** What is offered, and what was accepted. */
export async function readRulesView(db: Db): Promise<RulesView> {
  const [decisions, rules] = await Promise.all([readForPatterns(db.pool), readRules(db.pool)]);
  return {
    rules,
    patterns: patternsOf(
      decisions,
      rules.filter((r) => r.revokedAt === null),
    ),
  };
}
