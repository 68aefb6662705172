import type {
  AttemptOutcome,
  AttemptPorts,
  AttemptWork,
  IntegrationResult,
  WorkStep,
} from '#server/domain/attempt.ts';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import type { Gathered, StepContext } from './context.ts';
import { merge } from './merge.ts';
import { finished, leaseLost, outcomeOf, verdictOf } from './outcome.ts';
import type { RunnerConfig } from './ports.ts';
import { maskFor } from './prompt/mask.ts';
import { prove } from './prove.ts';
import { runStep } from './step.ts';
import { createTranscript } from './transcript.ts';
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
      ports,
      config,
      workspace,
      transcript,
      gathered,
      mask: maskFor(config.secretValues ?? []),
      signal,
      provider: config.provider(work),
    };
    let feedback = work.feedback;
    for (const s of [...work.steps].sort((a, b) => a.ord - b.ord)) {
      // A merge that was stored before a crash is asked for again: the engine has to hear how it ended.
      if (s.done && s.key !== INTEGRATE) continue;
      signal.throwIfAborted();
      transcript.add(s.key, 'harness', { text: `Step ${s.key}`, host: work.host, model: work.model.name });
      if (s.key === INTEGRATE) {
        if (verdictOf(work, gathered) === 'reject') continue;
        integration = await merge(c, s);
        if (integration.result === 'moved' || integration.result === 'conflict') break;
      } else {
        const result = await runStep(c, definitionOf(work, s), feedback);
        feedback = '';
        signal.throwIfAborted();
        if ((await ports.checkpoint({ stepId: s.id, ...result })) === 'stale') throw leaseLost();
      }
    }
    outcome = finished(work, gathered, workspace, integration);
  } catch (e) {
    outcome = outcomeOf(e, signal);
    if (isAlaiError(e) && outcome.kind !== 'aborted' && outcome.kind !== 'yielded') {
      transcript.add('', 'error', { code: e.code, message: e.message, hint: e.hint });
    }
    keep = outcome.kind === 'failed';
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

function definitionOf(work: AttemptWork, s: WorkStep): BlueprintStep {
  const known = work.blueprint.steps.find((b) => b.key === s.key);
  if (known) return known;
  // `fix-<attempt>-<n>`: appended by the engine after a failed attempt; it may do what the last builder step may.
  const like = work.blueprint.steps.findLast((b) => b.role === 'builder') ?? work.blueprint.steps.at(-1);
  if (!like)
    throw new AlaiError(
      'BLUEPRINT_INVALID',
      `blueprint ${work.blueprint.name} has no steps`,
      'Add a step to it.',
    );
  return {
    ...like,
    key: s.key,
    instructions: `The last attempt failed. Mend what the feedback names.\n\n${like.instructions}`,
  };
}

/** Without a sandbox, commands run with the operator's rights: only the sample, or a project he allowed it for. */
function consentNeeded(work: AttemptWork, config: RunnerConfig): string | null {
  if (config.sandbox.isolates || work.project.isSample || work.project.unsandboxedAllowed) return null;
  const runs = work.blueprint.steps.some(
    (s) => s.mcp !== undefined || s.tools.includes('run') || s.gates.some((g) => g.kind === 'command'),
  );
  if (!runs) return null;
  return `Host ${work.host} has no sandbox, and this task runs commands in ${work.project.name}. Allow commands without a sandbox for this project? ${config.sandbox.note}`;
}
