import type {
  AttemptPorts,
  AttemptWork,
  CallRecord,
  Finding,
  GateRecord,
  Report,
  StepOutput,
} from '#server/domain/attempt.ts';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { Provider } from '#server/models/provider.ts';
import { createLoop, gateFeedback } from './loop.ts';
import { outsidePaths } from './policy.ts';
import type { CommandResult, GateResult, ProofInput, RunnerConfig } from './ports.ts';
import { buildPrompt } from './prompt.ts';
import { runProcess } from './sandbox/process.ts';
import type { StepState } from './tools/tool.ts';
import type { Transcript } from './transcript.ts';
import type { Workspace } from './workspace.ts';

/** What one attempt gathers over its steps; the proof of work is made of it. */
export interface Gathered {
  calls: CallRecord[];
  gates: GateRecord[];
  commands: ProofInput['commands'];
  findings: Finding[];
  report: Report | null;
  notes: { key: string; text: string }[];
}

export interface StepContext {
  work: AttemptWork;
  ports: AttemptPorts;
  config: RunnerConfig;
  provider: Provider;
  workspace: Workspace;
  transcript: Transcript;
  gathered: Gathered;
  signal: AbortSignal;
}

const TRIES = 3;
const GATE_OUTPUT = 16_000;
const PATCH_FOR_PROMPT = 60_000;

/** A gate that three tries did not pass. */
export class GateFailure extends Error {
  readonly gate: string;
  constructor(gate: string, message: string) {
    super(message);
    this.name = 'GateFailure';
    this.gate = gate;
  }
}

/** Runs one step: the agent, then the gates with their failures fed back, then a pushed commit. */
export async function runStep(
  c: StepContext,
  step: BlueprintStep,
  feedback: string,
): Promise<{ commit: string | null; output: StepOutput }> {
  const { work, workspace: ws, transcript, gathered, signal } = c;
  const reviewing = work.task.stage === 'REVIEW' || work.task.stage === 'SECURITY';
  const lastReport = work.blueprint.steps.findLast((s) => s.tools.includes('report'));
  const knownFindings = gathered.findings.length;
  const state: StepState = { report: null, findings: gathered.findings, finished: null };
  const headBefore = ws.head();
  const treeBefore = await ws.treeOf(headBefore);

  const change = reviewing
    ? (await ws.patch(await ws.mergeBase(ws.trunk, headBefore), headBefore, PATCH_FOR_PROMPT)).text
    : '';
  const loop = createLoop({
    provider: c.provider,
    model: work.model.name,
    messages: buildPrompt({ work, step, notes: gathered.notes, change, feedback }),
    step,
    tools: {
      root: ws.root,
      step,
      company: work.task.company,
      needsVerdict: reviewing && lastReport?.key === step.key,
      state,
      run: (argv, seconds) => command(c, step, argv, seconds, step.limits.outputBytes),
      signal,
    },
    transcript,
    recordCall: async (r) => {
      gathered.calls.push(r);
      c.ports.progress();
      await c.ports.call(r);
    },
    signal,
  });

  let tree = treeBefore;
  for (let tryNumber = 1; ; tryNumber++) {
    await loop.run();
    signal.throwIfAborted();
    tree = await ws.snapshot();
    if (step.role !== 'builder' && tree !== treeBefore) {
      transcript.add(step.key, 'harness', { text: 'This role may not write; its changes were thrown away.' });
      await ws.restore(treeBefore);
      tree = treeBefore;
    }
    const failures = await runGates(c, step, { tree, treeBefore, tryNumber, output: said(state) });
    await ws.restore(tree);
    if (failures.length === 0) break;
    const broken = reviewing ? failures.filter((f) => f.gate === 'command') : [];
    if (broken.length > 0 && state.report !== null) {
      rejectFor(c, step, state, broken);
      break;
    }
    if (tryNumber >= TRIES) {
      const [first] = failures;
      throw new GateFailure(
        first?.gate ?? '',
        `${first?.detail ?? 'a gate failed'}\n${first?.output ?? ''}`.trim(),
      );
    }
    loop.tell(gateFeedback(failures, tryNumber));
  }

  let commit: string | null = null;
  if (tree !== treeBefore) {
    commit = await ws.commit(tree, commitMessage(c, step), work.task.company, c.ports.now());
    signal.throwIfAborted();
    await ws.push();
    transcript.add(step.key, 'harness', { text: `Committed ${commit.slice(0, 10)} and pushed it.`, commit });
  }
  const text = state.finished ?? '';
  gathered.report = state.report ?? gathered.report;
  gathered.notes.push({ key: step.key, text });
  return {
    commit,
    output: { text, report: state.report, findings: gathered.findings.slice(knownFindings), tree },
  };
}

/**
 * A command that fails under review rejects the work, whatever the reviewer said: it may not write, so asking it again
 * cannot help, and what the harness saw outweighs an opinion.
 */
function rejectFor(
  c: StepContext,
  step: BlueprintStep,
  state: StepState,
  broken: { detail: string; output: string }[],
): void {
  for (const f of broken)
    state.findings.push({
      severity: 'major',
      title: `The harness ran it, and it fails: ${f.detail.split('\n')[0]}`.slice(0, 300),
      detail: 'Found by the harness while this was reviewed.',
      file: null,
      line: null,
      evidence: f.output.slice(-4_000),
    });
  if (state.report) state.report = { ...state.report, verdict: 'reject' };
  c.transcript.add(step.key, 'harness', { text: 'A command fails under review, so the work is rejected.' });
}

async function runGates(
  c: StepContext,
  step: BlueprintStep,
  at: { tree: string; treeBefore: string; tryNumber: number; output: string },
): Promise<{ gate: string; detail: string; output: string }[]> {
  const ws = c.workspace;
  const reviewing = c.work.task.stage === 'REVIEW' || c.work.task.stage === 'SECURITY';
  const changes = at.tree === at.treeBefore ? [] : await ws.changes(at.treeBefore, at.tree);
  const addedLines = changes.length === 0 ? [] : await ws.addedLines(at.treeBefore, at.tree);
  const failures: { gate: string; detail: string; output: string }[] = [];
  const record = async (gate: string, r: GateResult, ms: number) => {
    const verdict = r.ok
      ? 'pass'
      : reviewing && gate === 'command'
        ? 'reject'
        : at.tryNumber < TRIES
          ? 'retry'
          : 'escalate';
    const entry: GateRecord = {
      stepKey: step.key,
      gate,
      tryNumber: at.tryNumber,
      ok: r.ok,
      verdict,
      detail: r.skipped ? `skipped: ${r.skipped}` : r.detail,
      command: r.command,
      exitCode: r.exitCode,
      ms,
      tree: at.tree,
      output: r.output.slice(-GATE_OUTPUT),
    };
    c.gathered.gates.push(entry);
    c.transcript.add(step.key, 'gate', {
      gate,
      ok: r.ok,
      detail: entry.detail,
      try: at.tryNumber,
      command: r.command,
    });
    c.ports.progress();
    await c.ports.gate(entry);
    if (!r.ok) failures.push({ gate, detail: r.detail, output: entry.output });
  };

  // The tools checked each path; commands may have written elsewhere, so the finished diff is checked too.
  const outside = changes.map((f) => outsidePaths(step.paths, f.path)).filter((w) => w !== null);
  if (outside.length > 0) {
    const detail = `files outside what this step may write: ${outside.slice(0, 5).join('; ')}. Put them back.`;
    await record('paths', { ok: false, detail, command: null, exitCode: null, output: '' }, 0);
  }
  for (const gate of step.gates) {
    c.signal.throwIfAborted();
    const from = performance.now();
    const r = await c.config.runGate(gate, {
      root: ws.root,
      run: (argv, seconds) => command(c, step, argv, seconds, GATE_OUTPUT),
      changed: changes.filter((f) => f.status !== 'D').map((f) => f.path),
      addedLines,
      output: at.output,
    });
    await record(gate.kind, r, Math.round(performance.now() - from));
  }
  return failures;
}

/** All that the agent says at the end of its step. */
function said(state: StepState): string {
  const r = state.report;
  return [state.finished, r?.taskSummary, ...(r?.keyDecisions ?? []), r?.verification]
    .filter(Boolean)
    .join('\n');
}

/** Runs a command where the role may: builders in the worktree, everybody else in a copy that is thrown away. */
export async function command(
  c: StepContext,
  step: BlueprintStep,
  argv: string[],
  seconds: number,
  outputBytes: number,
  root?: string,
): Promise<CommandResult> {
  if (!c.config.sandbox.isolates && !c.work.project.isSample && !c.work.project.unsandboxedAllowed) {
    throw new AlaiError('SANDBOX_MISSING', 'there is no sandbox on this machine', c.config.sandbox.note);
  }
  const where = root ?? (step.role === 'builder' ? c.workspace.root : await c.workspace.scratch());
  const result = await runProcess({
    argv,
    root: where,
    seconds,
    outputBytes,
    network: step.network,
    sandbox: c.config.sandbox,
    hostDir: c.config.hostDir,
    attempt: c.work.attemptId,
    signal: c.signal,
  });
  c.ports.progress();
  c.gathered.commands.push({
    stepKey: step.key,
    argv,
    exitCode: result.exitCode,
    ms: result.ms,
    output: result.output,
    sandboxed: result.sandboxed,
  });
  return result;
}

function commitMessage(c: StepContext, step: BlueprintStep): string {
  const { task, model, n } = c.work;
  const scripted = c.gathered.calls.some((r) => r.scripted) ? ' (scripted, no model was called)' : '';
  const stage = task.stage ? `${task.stage.toLowerCase()}: ` : '';
  return [
    `#${task.id} ${stage}${task.title}`.slice(0, 120),
    '',
    `Step ${step.key}, attempt ${n}, by ${task.company}.`,
    `Model: ${model.name}${scripted}`,
    '',
  ].join('\n');
}
