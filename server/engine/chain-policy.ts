import type { IntegrationResult } from '#server/domain/attempt.ts';
import { type ChainPlan, stageAfter, stageOf } from '#server/domain/plan.ts';
import type { Finding } from '#server/domain/report.ts';
import type { Stage, Verdict } from '#server/domain/status.ts';

/** Rejects that go back to BUILD by themselves; the next one asks the human (DESIGN.md "Chains"). */
const MAX_REJECTS = 2;
/** Returns of a merge onto a moved base, counted apart. */
const MAX_MERGE_RETURNS = 3;
/** Follow-ups of follow-ups, and children of one pipeline. */
const MAX_DEPTH = 3;
export const MAX_CHILDREN = 25;

export interface ChainFacts {
  plan: ChainPlan;
  cycle: number;
  rejects: number;
  mergeReturns: number;
  accepted: boolean;
  /** What is built so far. */
  head: string | null;
}
export interface StageOutcome {
  stage: Stage;
  verdict: Verdict;
  findings: Finding[];
  integration: IntegrationResult | null;
}

export type NextMove =
  | {
      kind: 'stage';
      stage: Stage;
      cycle: number;
      because: string;
      count: 'none' | 'reject' | 'merge';
      /** The next task has to mend the findings of this one. */
      mends: boolean;
      /** Where it starts, when not at the chain's head. */
      head: string | null;
    }
  | { kind: 'ask'; question: 'rejects' | 'merge' | 'minion'; because: string }
  | { kind: 'accept'; sha: string | null; branch: string | null; after: Stage | null }
  | { kind: 'finish' };

const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;

/** What follows when a stage's task is done. Pure: the whole of "what happens next" of a chain is here. */
export function nextMove(chain: ChainFacts, out: StageOutcome): NextMove {
  const after = stageAfter(chain.plan, out.stage)?.stage ?? null;
  const stay = { count: 'none' as const, mends: false, head: null, cycle: chain.cycle };
  if (out.verdict === 'reject') {
    const what = `${out.stage} rejected: ${plural(out.findings.length, 'finding')}.`;
    if (chain.rejects >= MAX_REJECTS)
      return {
        kind: 'ask',
        question: 'rejects',
        because: `${what} It was sent back ${MAX_REJECTS} times already.`,
      };
    return {
      kind: 'stage',
      stage: 'BUILD',
      cycle: chain.cycle + 1,
      because: `${what} Back to BUILD, cycle ${chain.rejects + 1} of ${MAX_REJECTS}.`,
      count: 'reject',
      mends: true,
      head: null,
    };
  }
  const merge = out.integration;
  if (merge?.result === 'moved' || merge?.result === 'conflict') {
    if (chain.mergeReturns >= MAX_MERGE_RETURNS)
      return {
        kind: 'ask',
        question: 'merge',
        because: `The base moved under it ${MAX_MERGE_RETURNS + 1} times. ${merge.detail}`,
      };
    const alone = out.stage === 'OPS' || out.stage === 'DOCS';
    if (merge.result === 'conflict')
      return {
        kind: 'stage',
        stage: alone ? out.stage : 'BUILD',
        cycle: chain.cycle + 1,
        because: `Merge conflict in ${merge.files.join(', ')}. Back to ${alone ? out.stage : 'BUILD'}.`,
        count: 'merge',
        mends: true,
        head: null,
      };
    // A chain that nobody reviews does it over where it merged.
    const again = alone || !stageOf(chain.plan, 'REVIEW') ? out.stage : 'REVIEW';
    return {
      kind: 'stage',
      stage: again,
      cycle: chain.cycle + 1,
      because: `The base moved: ${merge.detail} Back to ${again}.`,
      count: 'merge',
      mends: false,
      head: merge.newHead,
    };
  }
  if (merge && !chain.accepted)
    return {
      kind: 'accept',
      sha: merge.result === 'merged' ? merge.newSha : null,
      branch: merge.result === 'merged' ? (merge.branch ?? null) : null,
      after,
    };
  if (after) return { kind: 'stage', stage: after, because: `${out.stage} passed.`, ...stay };
  if (chain.plan.landing === 'hold' && !chain.accepted && chain.head !== null)
    return {
      kind: 'ask',
      question: 'minion',
      because: 'It is built and stays on its branch until you merge or discard it.',
    };
  // A plan whose last stage merges nothing still has to be accepted before it can finish.
  return chain.accepted ? { kind: 'finish' } : { kind: 'accept', sha: null, branch: null, after: null };
}

/** Findings that become work once the chain is accepted; what is only worth knowing does not. */
export function followUps<F extends Pick<Finding, 'severity'>>(
  findings: F[],
  depth: number,
  children: number,
): F[] {
  if (depth >= MAX_DEPTH || children >= MAX_CHILDREN) return [];
  return findings.filter((f) => f.severity !== 'info');
}
