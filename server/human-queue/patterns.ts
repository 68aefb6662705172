import {
  type DecisionFacts,
  type DecisionItem,
  type Pattern,
  type Rule,
  regrets,
} from '#server/domain/views/question.ts';
import type { EscalationKind } from '#server/domain/views/queue.ts';
import { MIXED_FILES, NO_FILES, neverByRule } from '#server/engine/escalation-policy.ts';

/** So often the same answer, without one that was regretted, before a rule is offered. */
const ENOUGH = 5;

export type Judged = Pick<DecisionItem, 'id' | 'kind' | 'answer' | 'outcome' | 'regretted'> & {
  facts: DecisionFacts;
};

const kindWords: Partial<Record<EscalationKind, string>> = {
  retries: 'another try',
  quality: 'another try below the bar',
  rejects: 'overruled reviews',
  merge: 'another merge',
  dependency: 'starts without what was waited for',
  minion: 'merges of minions',
  plan: 'plans',
};

/** What a rule covers, in one line. */
export function coverOf(kind: EscalationKind, f: DecisionFacts): string {
  const where =
    f.area === NO_FILES ? 'with no change yet' : f.area === MIXED_FILES ? '' : `changing ${f.area} only`;
  return [
    kindWords[kind] ?? kind,
    f.company ? `of ${f.company}` : '',
    f.stage ? `in ${f.stage}` : '',
    where,
    f.labels.length > 0 ? `labelled ${f.labels.join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Whether both speak of the same work, labels included. */
export const sameFacts = (a: DecisionFacts, b: DecisionFacts): boolean =>
  keyOf('plan', a) === keyOf('plan', b) &&
  [...a.labels].sort().join('\n') === [...b.labels].sort().join('\n');

const keyOf = (kind: EscalationKind, f: DecisionFacts) => JSON.stringify([kind, f.company, f.stage, f.area]);

/**
 * Answers that were always the same: every person's decision on this kind of question about this kind of work was to
 * approve, at least ENOUGH times, and none was regretted afterwards. Each is an offer; nothing is made of it by itself.
 */
export function patternsOf(decisions: Judged[], inForce: Pick<Rule, 'kind' | 'facts'>[]): Pattern[] {
  const groups = new Map<string, Judged[]>();
  for (const d of decisions) {
    // Work that is all over the place has nothing in common that a rule could hold on to.
    if (neverByRule.includes(d.kind) || d.facts.area === MIXED_FILES) continue;
    const key = keyOf(d.kind, d.facts);
    groups.set(key, [...(groups.get(key) ?? []), d]);
  }
  return [...groups.values()]
    .filter(
      (g) =>
        g.length >= ENOUGH &&
        g.every((d) => d.answer === 'approve' && !d.regretted && !regrets.includes(d.outcome)),
    )
    .map((g) => {
      const first = g[0] as Judged;
      const labels = first.facts.labels.filter((l) => g.every((d) => d.facts.labels.includes(l)));
      const facts = { ...first.facts, labels };
      return {
        kind: first.kind,
        facts,
        approved: g.length,
        decisions: g.map((d) => d.id),
        said: `You approved ${g.length} of ${g.length}: ${coverOf(first.kind, facts)}.`,
      };
    })
    .filter(
      (p) =>
        !inForce.some(
          (r) =>
            keyOf(r.kind, r.facts) === keyOf(p.kind, p.facts) &&
            r.facts.labels.every((l) => p.facts.labels.includes(l)),
        ),
    )
    .sort((a, b) => b.approved - a.approved);
}
