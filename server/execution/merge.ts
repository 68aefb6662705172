import { join } from 'node:path';
import type { IntegrationResult, WorkStep } from '#server/domain/attempt.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import type { StepContext } from './context.ts';
import { leaseLost } from './outcome.ts';
import { preparePackages, runCommand } from './run-command.ts';

/** Merges what was reviewed (or, for OPS and DOCS, what this task wrote) and stores the step. */
export async function merge(c: StepContext, s: WorkStep): Promise<IntegrationResult> {
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
  if (!s.done && (result.result === 'merged' || result.result === 'unchanged')) {
    const newSha = result.result === 'merged' ? result.newSha : null;
    const text = newSha ? `Merged as ${newSha.slice(0, 10)}.` : 'There was nothing to merge.';
    const output = { text, report: null, findings: [], tree: newSha ? await ws.treeOf(newSha) : null };
    if ((await ports.checkpoint({ stepId: s.id, commit: newSha, output })) === 'stale') throw leaseLost();
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
    await preparePackages(c, root);
    const r = await c.config.runGate(gate, {
      root,
      run: (argv, seconds) => runCommand(c, step, argv, seconds, 16_000, root),
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
