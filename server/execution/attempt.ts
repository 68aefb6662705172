import { join } from 'node:path';
import type {
  AttemptOutcome,
  AttemptPorts,
  AttemptWork,
  IntegrationResult,
  Report,
  WorkStep,
} from '#server/domain/attempt.ts';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import { AlaiError, type ErrorCode, isAlaiError } from '#server/domain/errors.ts';
import type { RunnerConfig } from './ports.ts';
import { command, GateFailure, type Gathered, runStep, type StepContext } from './step.ts';
import { createTranscript } from './transcript.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export type RunAttempt = (
  work: AttemptWork,
  ports: AttemptPorts,
  signal: AbortSignal,
) => Promise<AttemptOutcome>;

/** The name of the harness step that merges; it has no agent and no blueprint entry. */
export const INTEGRATE = 'integrate';
const PATCH_BYTES = 400_000;

/** Thrown inside to end an attempt whose lease is gone. */
const stale = () => new AlaiError('LEASE_LOST', 'another worker holds this task now', 'Nothing to do.');

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
    report: done.findLast((s) => s.output?.report)?.output?.report ?? null,
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
      signal,
      provider: config.provider(work),
    };
    let feedback = work.feedback;
    for (const s of [...work.steps].sort((a, b) => a.ord - b.ord)) {
      if (s.done) continue;
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
        if ((await ports.checkpoint({ stepId: s.id, ...result })) === 'stale') throw stale();
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

/** Merges what was reviewed (or, for OPS and DOCS, what this task wrote) and stores the step. */
async function merge(c: StepContext, s: WorkStep): Promise<IntegrationResult> {
  const { work, ports, workspace: ws, config, signal } = c;
  const note = (text: string) => c.transcript.add(INTEGRATE, 'harness', { text });
  const commit = work.reviewedCommit ?? ws.head();
  const result = await config.integrate({
    work,
    gitDir: ws.gitDir,
    tmpDir: join(config.hostDir, 'scratch'),
    token: config.repositoryToken,
    commit,
    ports,
    recheck: (root, tree) => recheck(c, root, tree),
    note,
    signal,
  });
  if (result.result === 'merged' || result.result === 'unchanged') {
    const newSha = result.result === 'merged' ? result.newSha : null;
    const text = newSha ? `Merged as ${newSha.slice(0, 10)}.` : 'There was nothing to merge.';
    const output = { text, report: null, findings: [], tree: newSha ? await ws.treeOf(newSha) : null };
    if ((await ports.checkpoint({ stepId: s.id, commit: newSha, output })) === 'stale') throw stale();
  }
  return result;
}

/** The command gates again, on a tree nobody has seen yet. Null when all hold. */
async function recheck(c: StepContext, root: string, tree: string): Promise<string | null> {
  const own = c.work.blueprint.steps.flatMap((step) =>
    step.gates.filter((g) => g.kind === 'command').map((gate) => ({ step, gate })),
  );
  const [anyStep] = c.work.blueprint.steps;
  const fallback = anyStep
    ? [
        {
          step: anyStep,
          gate: { kind: 'command' as const, command: ['npm', 'test'], seconds: 300, ifFile: 'package.json' },
        },
      ]
    : [];
  const seen = new Set<string>();
  for (const { step, gate } of own.length > 0 ? own : fallback) {
    const key = JSON.stringify(gate);
    if (seen.has(key)) continue;
    seen.add(key);
    const from = performance.now();
    const r = await c.config.runGate(gate, {
      root,
      run: (argv, seconds) => command(c, step, argv, seconds, 16_000, root),
      changed: [],
      addedLines: [],
      output: '',
    });
    const ms = Math.round(performance.now() - from);
    const detail = r.skipped ? `skipped: ${r.skipped}` : r.detail;
    const record = {
      stepKey: INTEGRATE,
      gate: gate.kind,
      tryNumber: 1,
      ok: r.ok,
      verdict: r.ok ? ('pass' as const) : ('reject' as const),
      detail,
      command: r.command,
      exitCode: r.exitCode,
      ms,
      tree,
      output: r.output.slice(-16_000),
    };
    c.gathered.gates.push(record);
    c.transcript.add(INTEGRATE, 'gate', { gate: gate.kind, ok: r.ok, detail, try: 1, command: r.command });
    await c.ports.gate(record);
    if (!r.ok) return `${detail}\n${record.output}`;
  }
  return null;
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

function verdictOf(work: AttemptWork, gathered: Gathered): 'pass' | 'reject' | null {
  const reviewing = work.task.stage === 'REVIEW' || work.task.stage === 'SECURITY';
  return reviewing ? (gathered.report?.verdict ?? null) : 'pass';
}

function finished(
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
  return {
    kind: 'done',
    verdict,
    commit,
    report: reportOf(work, gathered),
    findings: gathered.findings,
    integration,
  };
}

function reportOf(work: AttemptWork, gathered: Gathered): Report {
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
    }
  );
}

async function prove(p: {
  config: RunnerConfig;
  work: AttemptWork;
  ports: AttemptPorts;
  gathered: Gathered;
  workspace: Workspace;
  integration: IntegrationResult | null;
  outcome: AttemptOutcome;
  startedAt: Date;
}): Promise<void> {
  const { work, gathered, workspace: ws } = p;
  const firstCommit = work.steps.find((s) => s.done && s.commit !== null && s.key !== INTEGRATE)?.commit;
  const base = firstCommit ? `${firstCommit}^` : ws.base;
  const head = ws.head();
  const files = (await ws.changes(base, head)).map(({ path, added, removed }) => ({ path, added, removed }));
  const report = reportOf(work, gathered);
  if (p.outcome.kind === 'done' && files.length > 0) {
    // What was really written, not what the agent remembers.
    report.filesWritten = files.map((f) => f.path).slice(0, 500);
    p.outcome.report = report;
  }
  const proof = p.config.buildProof({
    work,
    outcome: p.outcome.kind === 'done' ? `done, ${p.outcome.verdict}` : p.outcome.kind,
    report,
    findings: gathered.findings,
    calls: gathered.calls,
    gates: gathered.gates,
    commands: gathered.commands,
    integration: p.integration,
    base: ws.base,
    commit: head,
    tree: await ws.treeOf(head),
    files,
    patch: await ws.patch(base, head, PATCH_BYTES),
    sandbox: p.config.sandbox.kind,
    startedAt: p.startedAt,
    endedAt: p.ports.now(),
  });
  await p.ports.proof(proof);
}

/** Without a sandbox, commands run with the operator's rights: only the sample, or a project he allowed it for. */
function consentNeeded(work: AttemptWork, config: RunnerConfig): string | null {
  if (config.sandbox.isolates || work.project.isSample || work.project.unsandboxedAllowed) return null;
  const runs = work.blueprint.steps.some(
    (s) => s.tools.includes('run') || s.gates.some((g) => g.kind === 'command'),
  );
  if (!runs) return null;
  return `Host ${work.host} has no sandbox, and this task runs commands in ${work.project.name}. Allow commands without a sandbox for this project? ${config.sandbox.note}`;
}

const infraCodes = new Set<ErrorCode>([
  'MODEL_UNREACHABLE',
  'MODEL_BUSY',
  'GIT_FAILED',
  'WORKTREE_UNWRITABLE',
  'SANDBOX_REFUSED',
  'DATABASE_UNREACHABLE',
]);

/** What an error means for the task: the agent's failure burns a try, the machine's does not, an abort says nothing. */
function outcomeOf(e: unknown, signal: AbortSignal): AttemptOutcome {
  if (signal.aborted) {
    const why: unknown = signal.reason;
    if (isAlaiError(why) && why.code === 'FACTORY_STOPPED')
      return { kind: 'yielded', reason: 'stopped', question: '' };
    if (isAlaiError(why) && why.data.drained === true)
      return { kind: 'yielded', reason: 'drained', question: '' };
    return { kind: 'aborted', code: isAlaiError(why) ? why.code : 'ABORTED' };
  }
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
  const message = `${e.message}. ${e.hint}`;
  if (e.code === 'LEASE_LOST' || e.code === 'ABORTED') return { kind: 'aborted', code: e.code };
  if (e.code === 'SANDBOX_MISSING') return { kind: 'yielded', reason: 'consent', question: message };
  if (e.code === 'LIMIT_REACHED') return { kind: 'failed', cause: 'limit', code: e.code, message };
  if (infraCodes.has(e.code)) return { kind: 'infra', code: e.code, message };
  if (e.code.startsWith('MODEL_')) return { kind: 'failed', cause: 'model', code: e.code, message };
  return { kind: 'failed', cause: 'agent', code: e.code, message };
}
