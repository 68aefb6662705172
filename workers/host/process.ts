import { type Admitted, bindTicket, returnTicket } from '#server/budget/tickets.ts';
import type { AttemptOutcome } from '#server/domain/attempt.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import type { Advance } from '#server/engine/advance.ts';
import type { Checkpoint, CheckpointResult } from '#server/engine/checkpoint.ts';
import { type ClaimRequest, type ClaimResult, loadWork, type StartRequest } from '#server/engine/claim.ts';
import { endAttempt } from '#server/engine/failure.ts';
import type { Publisher } from '#server/engine/outbox.ts';
import type { Picked } from '#server/engine/pick.ts';
import type { RunAttempt } from '#server/execution/attempt.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { writeEnding } from './ending.ts';
import type { HeldAttempts, StopReason } from './held.ts';
import { attemptPorts } from './ports.ts';

export interface HostEngine {
  claim(r: ClaimRequest): Promise<ClaimResult>;
  start(r: StartRequest): Promise<{ result: 'ok' | 'stale' }>;
  checkpoint(c: Checkpoint): Promise<CheckpointResult>;
  advance(a: Advance): Promise<'ok' | 'stale'>;
}

export interface HostContext {
  db: Db;
  /** Forecasts what an attempt will cost and reserves it; what is not allowed is not claimed. */
  admit(job: Picked & { host: string }): Promise<Admitted>;
  /** What a free slot should take next. */
  pick(): Promise<Picked | null>;
  publisher: Publisher;
  engine: HostEngine;
  held: HeldAttempts;
  timing: Timing;
  log: Logger;
  worker: { id: string; host: string };
  sandboxed: boolean;
  repositoryUrl: (projectId: string) => string;
  run: RunAttempt;
}

export interface Taken {
  taskId: number;
  attemptId: number;
  fence: number;
}

/** More than this in one look is no accident of timing any more; the next look goes on. */
const TRIES = 50;

/** Takes the next work for a free slot of this host: chosen, paid for, claimed. Null when there is none for it now. */
export async function takeNext(c: HostContext): Promise<Taken | null> {
  for (let n = 0; n < TRIES; n++) {
    const job = await c.pick();
    if (!job) return null;
    const admitted = await c.admit({ ...job, host: c.worker.host });
    if (admitted.result !== 'ok') {
      c.log.debug({ task: job.taskId, admitted }, 'not admitted');
      continue;
    }
    const claimed = await c.engine.claim({ ...job, host: c.worker.host, workerId: c.worker.id });
    if (claimed.result === 'ok') {
      await bindTicket(c.db.pool, { ...job, attemptId: claimed.attemptId });
      return { taskId: job.taskId, attemptId: claimed.attemptId, fence: claimed.fence };
    }
    await returnTicket(c.db.pool, job);
    c.log.debug({ task: job.taskId, result: claimed.result }, 'not claimed');
    if (claimed.result !== 'stale') return null;
  }
  return null;
}

/** Runs what was taken and tells the engine how it ended. Never throws: the rows say what happened. */
export async function processAttempt(c: HostContext, claimed: Taken): Promise<void> {
  const held = { attemptId: claimed.attemptId, fence: claimed.fence };
  const log = c.log.child({ task: claimed.taskId, attempt: held.attemptId });
  const signal = c.held.hold(held.attemptId, held.fence);
  const ports = attemptPorts({
    db: c.db,
    held,
    checkpoint: (done) => c.engine.checkpoint(done),
    progress: () => c.held.progress(held.attemptId),
    signal,
    timing: c.timing,
  });
  try {
    const work = await loadWork(c.db, held.attemptId, c.repositoryUrl);
    if ((await c.engine.start({ ...held, sandboxed: c.sandboxed })).result === 'stale') return;
    log.info({ n: work.n, stage: work.task.stage, model: work.model.name }, 'attempt started');
    const outcome = await c.run(work, ports, signal);
    await ports.flush();
    log.info({ outcome: outcome.kind }, 'attempt ended');
    const tell = () => report(c, held, work, outcome, signal, ports);
    await (leaves(signal) ? tell() : writeEnding(tell, patience(c)));
  } catch (e) {
    log.error({ err: e }, 'attempt broke');
    await ports.flush();
    const broken = () =>
      endAttempt(
        c.db,
        c.publisher,
        { ...held, host: c.worker.host, pauseMs: c.timing.breakerOpen },
        {
          kind: 'infra',
          code: isAlaiError(e) ? e.code : 'INTERNAL',
          message: e instanceof Error ? e.message : String(e),
        },
      );
    await (leaves(signal) ? broken() : writeEnding(broken, patience(c))).catch((err) =>
      log.error({ err }, 'the end of the attempt could not be written; its lease will run out'),
    );
  } finally {
    c.held.release(held.attemptId);
  }
}

/** A worker that is told to go has no time to wait for a database. */
const leaves = (signal: AbortSignal): boolean =>
  signal.aborted && (signal.reason === 'stopped' || signal.reason === 'drained');

/** By then another was given the work. */
const patience = (c: HostContext) => ({ everyMs: c.timing.heartbeat / 5, forMs: 2 * c.timing.lease });

async function report(
  c: HostContext,
  held: { attemptId: number; fence: number },
  work: AttemptWork,
  outcome: AttemptOutcome,
  signal: AbortSignal,
  ports: ReturnType<typeof attemptPorts>,
): Promise<void> {
  const ending = { ...held, host: c.worker.host, pauseMs: c.timing.breakerOpen };
  if (outcome.kind === 'done') {
    await closeIntegration(work, outcome, ports);
    await c.engine.advance({
      ...held,
      verdict: outcome.verdict,
      commit: outcome.commit,
      report: outcome.report,
      findings: outcome.findings,
      integration: outcome.integration,
    });
    return;
  }
  if (outcome.kind !== 'aborted') {
    await endAttempt(c.db, c.publisher, ending, outcome);
    return;
  }
  const why = signal.reason as StopReason | undefined;
  if (why === 'stopped' || why === 'drained')
    await endAttempt(c.db, c.publisher, ending, { kind: 'yielded', reason: why, question: '' });
  else if (why !== 'stale')
    await endAttempt(c.db, c.publisher, ending, {
      kind: 'infra',
      code: outcome.code,
      message: `Aborted: ${why ?? outcome.code}`,
    });
}

/** A merge that did not happen is an answer too: its step is done with the reason, or the task could never be. */
async function closeIntegration(
  work: AttemptWork,
  outcome: Extract<AttemptOutcome, { kind: 'done' }>,
  ports: ReturnType<typeof attemptPorts>,
): Promise<void> {
  const step = work.steps.find((s) => s.key === INTEGRATE && !s.done);
  const merged = outcome.integration?.result === 'merged' || outcome.integration?.result === 'unchanged';
  if (!step || merged) return;
  const text =
    outcome.verdict === 'reject'
      ? 'Nothing was merged: rejected.'
      : `Nothing was merged: ${outcome.integration?.result ?? 'nothing to merge'}.`;
  await ports.checkpoint({
    stepId: step.id,
    commit: null,
    output: { text, report: null, findings: [], tree: null },
  });
}
