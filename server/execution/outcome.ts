import type { AttemptOutcome, IntegrationResult } from '#server/domain/attempt.ts';
import { AlaiError, type ErrorCode, isAlaiError, nobodysFault } from '#server/domain/errors.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import type { Report } from '#server/domain/report.ts';
import { sentence } from '#server/domain/sentence.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import { Asked } from './asked.ts';
import type { Gathered } from './context.ts';
import { shortOf } from './paid.ts';
import { GateFailure } from './step.ts';
import type { Workspace } from './workspace.ts';

/** How an attempt ended, in the engine's words. */

/** Thrown to end an attempt whose lease is gone. */
export const leaseLost = () =>
  new AlaiError('LEASE_LOST', 'another worker holds this task now', 'Nothing to do.');

/** What a reviewing stage said; everything else passes by being finished. Null when a review gave no verdict. */
export function verdictOf(work: AttemptWork, gathered: Gathered): 'pass' | 'reject' | null {
  const reviewing = work.task.stage === 'REVIEW' || work.task.stage === 'SECURITY';
  return reviewing ? (gathered.report?.verdict ?? null) : 'pass';
}

/** The outcome of an attempt whose steps are all done. */
export function finished(
  work: AttemptWork,
  gathered: Gathered,
  ws: Workspace,
  integration: IntegrationResult | null,
): AttemptOutcome {
  const verdict = verdictOf(work, gathered);
  if (verdict === null) {
    return {
      kind: 'failed',
      cause: 'agent',
      code: 'MODEL_GARBAGE',
      message: 'the review ended without a verdict',
    };
  }
  const wrote =
    work.steps.findLast((s) => s.done && s.commit !== null && s.key !== INTEGRATE)?.commit ?? null;
  const commit = ws.head() === ws.base ? wrote : ws.head();
  const refused = work.reverts !== null && integration?.result === 'conflict';
  return {
    kind: 'done',
    // A revert that does not hold is an answer: the branch stays as it is.
    verdict: refused ? 'reject' : verdict,
    commit,
    report: reportOf(work, gathered),
    findings: gathered.findings,
    integration,
  };
}

/** What the agent reported, or the little that can be said without a report. */
export function reportOf(work: AttemptWork, gathered: Gathered): Report {
  return (
    gathered.report ?? {
      agentType: work.blueprint.steps.at(-1)?.role ?? 'builder',
      company: work.task.company,
      taskSummary: gathered.notes.at(-1)?.text || work.task.title,
      filesWritten: [],
      keyDecisions: [],
      blockers: [],
      verification: '',
      verdict: null,
      planItems: [],
      criteria: [],
      consulted: [],
    }
  );
}

const infraCodes = new Set<ErrorCode>(nobodysFault);

/** What an error means for the task: the agent's failure burns a try, the machine's does not, an abort says nothing. */
export function outcomeOf(e: unknown, signal: AbortSignal): AttemptOutcome {
  if (signal.aborted) {
    const why: unknown = signal.reason;
    if (why === 'stopped' || why === 'drained') return { kind: 'yielded', reason: why, question: '' };
    if (isAlaiError(why) && why.code === 'FACTORY_STOPPED')
      return { kind: 'yielded', reason: 'stopped', question: '' };
    if (isAlaiError(why) && why.data.drained === true)
      return { kind: 'yielded', reason: 'drained', question: '' };
    return { kind: 'aborted', code: isAlaiError(why) ? why.code : 'ABORTED' };
  }
  if (e instanceof Asked)
    return {
      kind: 'yielded',
      reason: e.kind === 'question' ? 'asked' : 'permission',
      question: e.question,
    };
  if (e instanceof GateFailure) {
    return {
      kind: 'failed',
      cause: 'gate',
      code: 'LIMIT_REACHED',
      message: `gate ${e.gate} failed three times: ${e.message}`,
    };
  }
  if (!isAlaiError(e))
    return { kind: 'infra', code: 'INTERNAL', message: e instanceof Error ? e.message : String(e) };
  const message = `${sentence(e.message)} ${e.hint}`;
  const short = shortOf(e);
  if (short) return { kind: 'yielded', reason: 'budget', question: e.message, short };
  if (e.code === 'LEASE_LOST' || e.code === 'ABORTED') return { kind: 'aborted', code: e.code };
  if (e.code === 'SANDBOX_MISSING') return { kind: 'yielded', reason: 'consent', question: message };
  if (e.code === 'LIMIT_REACHED') return { kind: 'failed', cause: 'limit', code: e.code, message };
  // A server that said nothing in time may answer later: no try of the agent's.
  if (infraCodes.has(e.code) || (e.code === 'MODEL_TIMEOUT' && e.data.transient === true))
    return { kind: 'infra', code: e.code, message };
  if (e.code.startsWith('MODEL_') || e.code.startsWith('PROVIDER_'))
    return { kind: 'failed', cause: 'model', code: e.code, message };
  return { kind: 'failed', cause: 'agent', code: e.code, message };
}
