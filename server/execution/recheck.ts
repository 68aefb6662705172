import { rm } from 'node:fs/promises';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import {
  type CheckName,
  type CheckResult,
  checkNumber,
  QA_GATE,
  scoreOf,
  scoreSentence,
} from '#server/domain/checks.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import type { StepContext } from './context.ts';
import { preparePackages, runCommand } from './run-command.ts';

const OUTPUT = 16_000;

/** Evidence for a tree that nobody has seen yet: the command gates again, and for a revert the checks. Null when all hold. */
export async function recheck(c: StepContext, root: string, tree: string): Promise<string | null> {
  const failure = await commandGates(c, root, tree);
  if (failure !== null || !c.work.reverts) return failure;
  return await checkReverted(c, root, tree);
}

/** The command gates of the blueprint, and the project's own tests where it has none. */
async function commandGates(c: StepContext, root: string, tree: string): Promise<string | null> {
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

/** What a tree shows by itself. The others judge what somebody added, and a revert adds nothing. */
const ofTrees: ReadonlySet<CheckName> = new Set([
  'size',
  'gates',
  'build',
  'tests',
  'types-and-lint',
  'secrets',
  'leftovers',
  'dependencies',
  'reproducible',
]);

/** QA-19 on a tree from which a change was taken: no agent is there to mend it, so one failure is enough to refuse. */
async function checkReverted(c: StepContext, root: string, tree: string): Promise<string | null> {
  const { gathered } = c;
  const [step] = c.work.blueprint.steps;
  if (!step) return null;
  const folders: string[] = [];
  const from = performance.now();
  let results: CheckResult[];
  try {
    results = (await c.config.runChecks(await inputOf(c, step, root, tree, folders))).map((r) =>
      ofTrees.has(r.name)
        ? r
        : {
            ...r,
            state: 'not applicable',
            blocking: false,
            detail: 'A revert brings back what was there before and adds nothing that this could judge.',
            evidence: '',
          },
    );
  } finally {
    for (const dir of folders) await rm(dir, { recursive: true, force: true }).catch(() => {});
  }
  c.signal.throwIfAborted();
  gathered.checks = results;
  const failed = results.filter((r) => r.state === 'fail');
  const output = failed
    .map((r) => `check ${checkNumber(r.name)} ${r.name}: ${r.detail}\n${r.evidence.slice(-2_000)}`.trim())
    .join('\n\n')
    .slice(0, OUTPUT);
  const ok = failed.length === 0;
  const record = {
    stepKey: INTEGRATE,
    gate: QA_GATE,
    tryNumber: 1,
    ok,
    verdict: ok ? ('pass' as const) : ('reject' as const),
    detail: scoreSentence(scoreOf(results)),
    command: null,
    exitCode: null,
    ms: Math.round(performance.now() - from),
    tree,
    output,
  };
  gathered.gates.push(record);
  c.transcript.add(INTEGRATE, 'gate', { gate: QA_GATE, ok, detail: record.detail, try: 1, command: null });
  c.ports.progress();
  await c.ports.checks({ stepKey: INTEGRATE, tryNumber: 1, tree, results });
  await c.ports.gate(record);
  return ok ? null : output;
}

async function inputOf(c: StepContext, step: BlueprintStep, root: string, tree: string, folders: string[]) {
  const { work, workspace: ws, gathered } = c;
  const base = ws.trunk;
  const changes = await ws.changes(base, tree);
  const run = (where: string) => (argv: string[], seconds: number) =>
    runCommand(c, step, argv, seconds, OUTPUT, where);
  const layOut = async (of: string) => {
    const place = await ws.layOut(of, `revert-${folders.length + 1}`);
    folders.push(place);
    await preparePackages(c, place);
    return { root: place, run: run(place) };
  };
  return {
    stage: null,
    role: 'builder' as const,
    company: work.task.company,
    builtBy: null,
    writes: true,
    reverts: true,
    root,
    base,
    tree,
    changes,
    addedLines: changes.length === 0 ? [] : await ws.addedLines(base, tree),
    gates: gathered.gates.filter((g) => g.gate !== QA_GATE),
    report: null,
    mayReport: false,
    reported: [],
    findings: [],
    criteria: [],
    earlier: [],
    docsFollow: false,
    outside: () => null,
    before: (path: string) => ws.fileAt(base, path),
    run: run(root),
    clean: () => layOut(tree),
    beforeWith: async (paths: string[]) => layOut(await ws.treeWith(base, tree, paths)),
    conflicts: async () => [],
    signal: c.signal,
  };
}
