import type { AttemptOutcome, AttemptPorts, IntegrationResult } from '#server/domain/attempt.ts';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import { choicePipelines, pipelines } from '#server/domain/pipelines.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import type { Finding } from '#server/domain/report.ts';
import type { AttemptWork, WorkStep } from '#server/domain/work.ts';
import type { Gathered, StepContext } from './context.ts';
import { closes, inspect } from './inspect.ts';
import { merge } from './merge.ts';
import { finished, leaseLost, outcomeOf, verdictOf } from './outcome.ts';
import type { RunnerConfig } from './ports.ts';
import { maskFor } from './prompt/mask.ts';
import { prove } from './prove.ts';
import { GateFailure, runStep } from './step.ts';
import { TRIES } from './step-gates.ts';
import { createTranscript } from './transcript.ts';
import { afterRound, isWorkflow, workOf } from './workflow.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export type RunAttempt = (
  work: AttemptWork,
  ports: AttemptPorts,
  signal: AbortSignal,
) => Promise<AttemptOutcome>;

/** Makes the function that runs one attempt on this host. It never rejects: every end is an outcome. */
export function createRunAttempt(config: RunnerConfig): RunAttempt {
  return async (work, ports, signal) => {
    try {
      signal.throwIfAborted();
      const question = consentNeeded(work, config);
      if (question) return { kind: 'yielded', reason: 'consent', question };
      return await attempt(config, work, ports, signal);
    } catch (e) {
      return outcomeOf(e, signal);
    }
  };
}

async function attempt(
  config: RunnerConfig,
  work: AttemptWork,
  ports: AttemptPorts,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const startedAt = ports.now();
  const transcript = createTranscript(ports, config.streamEveryMs);
  const done = work.steps.filter((s) => s.done);
  const gathered: Gathered = {
    calls: [],
    gates: [],
    commands: [],
    findings: done.flatMap((s) => s.output?.findings ?? []),
    reported: done.flatMap((s) => s.output?.report?.filesWritten ?? []),
    said: new Set(),
    checks: [],
    inspected: null,
    report: done.findLast((s) => s.output?.report)?.output?.report ?? null,
    plan: done.findLast((s) => s.output?.plan)?.output?.plan ?? null,
    notes: done.filter((s) => s.output).map((s) => ({ key: s.key, text: s.output?.text ?? '' })),
  };
  const token = config.repositoryToken;
  let workspace: Workspace | undefined;
  let integration: IntegrationResult | null = null;
  let outcome: AttemptOutcome;
  let keep = false;
  try {
    workspace = await openWorkspace(work, { hostDir: config.hostDir, signal, ...(token ? { token } : {}) });
    const c: StepContext = {
      work,
      iteration: 0,
      ports,
      config,
      workspace,
      transcript,
      gathered,
      mask: maskFor(config.secretValues ?? []),
      signal,
    };
    let feedback = work.feedback;
    let question: string | null = null;
    const queue = [...work.steps].sort(inOrder);
    if (isWorkflow(work)) await resumeRound(c, queue);
    for (let s = queue.shift(); s; s = queue.shift()) {
      // A merge that was stored before a crash is asked for again: the engine has to hear how it ended.
      if (s.done && s.key !== INTEGRATE) continue;
      signal.throwIfAborted();
      transcript.add(s.key, 'harness', { text: `Step ${s.key}`, host: work.host, model: work.model.name });
      if (s.key === INTEGRATE) {
        await checkedAgain(c);
        if (verdictOf(work, gathered) === 'reject') continue;
        integration = await merge(c, s);
        if (integration.result === 'moved' || integration.result === 'conflict') break;
      } else {
        const definition = definitionOf(work, s);
        const own = isWorkflow(work) ? workOf(work, definition, openFindings(work, s.iteration)) : null;
        if (own?.note) transcript.add(s.key, 'harness', { text: own.note });
        const result = await runStep(
          { ...c, work: own?.work ?? work, iteration: s.iteration },
          definition,
          feedback,
          s.id,
        );
        feedback = '';
        signal.throwIfAborted();
        if ((await ports.checkpoint({ stepId: s.id, ...result })) === 'stale') throw leaseLost();
        s.output = result.output;
        if (isWorkflow(work) && queue.every((x) => x.key === INTEGRATE)) {
          question = await nextRound(c, s.iteration, queue, 'ask');
          if (question) break;
        }
      }
    }
    if (question) outcome = { kind: 'yielded', reason: 'asked', question };
    else {
      await checkedAgain(c);
      outcome = finished(work, gathered, workspace, integration);
    }
  } catch (e) {
    outcome = outcomeOf(e, signal);
    if (isAlaiError(e) && outcome.kind !== 'aborted' && outcome.kind !== 'yielded') {
      transcript.add('', 'error', { code: e.code, message: e.message, hint: e.hint });
    }
    keep = outcome.kind === 'failed';
    if (workspace && outcome.kind === 'failed') outcome = { ...outcome, changed: await changedIn(workspace) };
  }
  try {
    if (workspace && (outcome.kind === 'done' || outcome.kind === 'failed') && !signal.aborted) {
      await prove({ config, work, ports, gathered, workspace, integration, outcome, startedAt });
    }
  } catch (e) {
    outcome = outcomeOf(e, signal);
  } finally {
    transcript.close();
    await workspace?.close(keep).catch(() => {});
  }
  return outcome;
}

/** Whether an attempt left anything changed, committed or not; unknown counts as changed. */
async function changedIn(ws: Workspace): Promise<boolean> {
  const trees = await Promise.all([ws.snapshot(), ws.treeOf(ws.base)]).catch(() => null);
  return trees === null || trees[0] !== trees[1];
}

/** The checks of an attempt that ended before its task did went with it: they run anew on what it left. */
async function checkedAgain(c: StepContext): Promise<void> {
  const { work, gathered, workspace: ws } = c;
  if (gathered.checks.length > 0 || verdictOf(work, gathered) === 'reject') return;
  const closing = work.blueprint.steps.find((step) => closes(c, step));
  if (!closing || !work.steps.some((s) => s.done && s.key === closing.key)) return;
  const state = { report: gathered.report, plan: gathered.plan, findings: gathered.findings, finished: '' };
  const tree = await ws.treeOf(ws.head());
  const [failure] = await inspect(c, closing, { tree, tryNumber: TRIES, state });
  await ws.restore(tree);
  if (failure) throw new GateFailure(failure.gate, `${failure.detail}\n${failure.output}`);
}

const inOrder = (a: WorkStep, b: WorkStep) =>
  Number(a.key === INTEGRATE) - Number(b.key === INTEGRATE) || a.iteration - b.iteration || a.ord - b.ord;

/** What the reviewing steps of this round, or of the one before it, found: the steps after them answer it. */
function openFindings(work: AttemptWork, iteration: number): Finding[] {
  const of = (n: number) =>
    work.steps.filter((s) => s.iteration === n && s.output).flatMap((s) => s.output?.findings ?? []);
  const now = of(iteration);
  return now.length > 0 ? now : of(iteration - 1);
}

/** An attempt that finds every step done decides anew: the last one may have ended before it could. */
async function resumeRound(c: StepContext, queue: WorkStep[]): Promise<void> {
  const last = queue.findLast((s) => s.key !== INTEGRATE);
  if (!last || queue.some((s) => !s.done && s.key !== INTEGRATE)) return;
  const merge = queue.filter((s) => s.key === INTEGRATE);
  queue.splice(0, queue.length, ...merge);
  await nextRound(c, last.iteration, queue, 'go on');
}

/**
 * After the last step of a round: puts the next round's steps before a waiting merge, or leaves the queue as it is when
 * it is enough. Answers with a question when the rounds are used up; whoever goes on after that has been told to.
 */
async function nextRound(
  c: StepContext,
  iteration: number,
  queue: WorkStep[],
  atTheEnd: 'ask' | 'go on',
): Promise<string | null> {
  const { work, gathered, ports } = c;
  const outputs = work.steps
    .filter((s) => s.iteration === iteration)
    .flatMap((s) => (s.output ? [s.output] : []));
  const next = afterRound(work, { iteration, outputs });
  c.transcript.add('', 'harness', { text: next.because });
  if (next.kind === 'give-up' && atTheEnd === 'ask') return `${next.because} Shall it go one more round?`;
  if (next.kind === 'enough') {
    // What earlier rounds found was mended; only what is left becomes work.
    const left = outputs.flatMap((o) => o.findings);
    gathered.findings.splice(0, gathered.findings.length, ...left);
    return null;
  }
  const steps = await ports.nextRound();
  if (steps.length === 0) throw leaseLost();
  work.steps.push(...steps);
  queue.unshift(...steps);
  return null;
}

function definitionOf(work: AttemptWork, s: WorkStep): BlueprintStep {
  const known = work.blueprint.steps.find((b) => b.key === s.key);
  if (known) return known;
  throw new AlaiError(
    'BLUEPRINT_INVALID',
    `blueprint ${work.blueprint.name} has no step ${s.key}`,
    'Reopen the task: it is given the steps of its blueprint anew.',
  );
}

/** Without a sandbox, commands run with the operator's rights: only the sample, or a project he allowed it for. */
function consentNeeded(work: AttemptWork, config: RunnerConfig): string | null {
  if (config.sandbox.isolates || work.project.isSample || work.project.unsandboxedAllowed) return null;
  const alone = choicePipelines(work.model).some((p) => pipelines[p].runner === 'process');
  const runs =
    alone ||
    work.blueprint.steps.some(
      (s) => s.mcp !== undefined || s.tools.includes('run') || s.gates.some((g) => g.kind === 'command'),
    );
  if (!runs) return null;
  return `Host ${work.host} has no sandbox, and this task runs commands in ${work.project.name}. Allow commands without a sandbox for this project? ${config.sandbox.note}`;
}
