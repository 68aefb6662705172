import type { BlueprintStep } from '#server/domain/blueprint.ts';
import type { GateRecord } from '#server/domain/records.ts';
import { stepRules, writeReason } from '#server/domain/role-rules.ts';
import type { GateResult } from '#server/domain/seams.ts';
import type { StepContext } from './context.ts';
import { preparePackages, runCommand } from './run-command.ts';
import type { StepState } from './tools/tool.ts';
import { judges } from './workflow.ts';

/** The gates at the end of a step, and what a failed one means. */

/** The first try and two with the failure fed back. */
export const TRIES = 3;
const GATE_OUTPUT = 16_000;

/**
 * A command that fails under review rejects the work, whatever the reviewer said: it may not write, so asking it again
 * cannot help, and what the harness saw outweighs an opinion.
 */
export function rejectFor(
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

/** The same command on the same tree, seen to pass by an earlier review: true still, and not run again. */
function seenOn(c: StepContext, command: string[], tree: string): GateResult | null {
  const e = c.work.evidence.find((x) => x.tree === tree && x.command.join('\0') === command.join('\0'));
  if (!e) return null;
  return {
    ok: true,
    detail: `${command.join(' ')} passed on this tree (${tree.slice(0, 7)}) in ${e.stage ?? 'an earlier task'} #${e.taskId}`,
    command,
    exitCode: 0,
    output: '',
  };
}

/** Runs every gate of the step on the tree that would be committed; answers with those that failed. */
export async function runGates(
  c: StepContext,
  step: BlueprintStep,
  at: { tree: string; treeBefore: string; tryNumber: number; output: string },
): Promise<{ gate: string; detail: string; output: string }[]> {
  const ws = c.workspace;
  const reviewing = judges(c.work, step);
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
  const rules = stepRules(c.work.task.company, c.work.companyPolicy, step);
  const outside = changes.map((f) => writeReason(rules, f.path)?.reason).filter((w) => w !== undefined);
  if (outside.length > 0) {
    const detail = `files outside what this step may write: ${outside.slice(0, 5).join('; ')}. Put them back.`;
    await record('paths', { ok: false, detail, command: null, exitCode: null, output: '' }, 0);
  }
  if (step.gates.some((g) => g.kind === 'command')) await preparePackages(c, ws.root);
  for (const gate of step.gates) {
    c.signal.throwIfAborted();
    const from = performance.now();
    const seen = gate.kind === 'command' ? seenOn(c, gate.command, at.tree) : null;
    if (seen) {
      await record('command', seen, 0);
      continue;
    }
    const r = await c.config.runGate(gate, {
      root: ws.root,
      run: (argv, seconds) => runCommand(c, step, argv, seconds, GATE_OUTPUT),
      changed: changes.filter((f) => f.status !== 'D').map((f) => f.path),
      addedLines,
      output: at.output,
    });
    await record(gate.kind, r, Math.round(performance.now() - from));
  }
  return failures;
}
