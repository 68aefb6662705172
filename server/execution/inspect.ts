import { rm } from 'node:fs/promises';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import { type CheckResult, checkNumber, QA_GATE, scoreOf, scoreSentence } from '#server/domain/checks.ts';
import { criteriaOf } from '#server/domain/criteria.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import { stepRules, writeReason } from '#server/domain/role-rules.ts';
import type { CheckInput, InspectedFacts } from '#server/domain/seams.ts';
import type { StepContext } from './context.ts';
import { preparePackages, runCommand } from './run-command.ts';
import { TRIES } from './step-gates.ts';
import type { StepState } from './tools/tool.ts';

/** QA-19 at the end of a task's work: the checks look at what would be committed, and a failure goes back to the agent. */

const OUTPUT = 16_000;

/** Whether the nineteen checks run after this step: the last one that writes, or the last of a task that only reads. */
export function closes(c: StepContext, step: BlueprintStep): boolean {
  const { steps } = c.work.blueprint;
  const last = steps.findLast((s) => s.role === 'builder') ?? steps.at(-1);
  return last?.key === step.key;
}

/** Runs the nineteen checks, records them, and answers with what has to be mended; empty when the bar is met. */
export async function inspect(
  c: StepContext,
  step: BlueprintStep,
  at: { tree: string; tryNumber: number; state: StepState },
): Promise<{ gate: string; detail: string; output: string }[]> {
  const from = performance.now();
  const folders: string[] = [];
  let results: CheckResult[];
  try {
    const input = await inputOf(c, step, at, folders);
    c.gathered.inspected = factsOf(input);
    results = await c.config.runChecks(input);
  } finally {
    for (const dir of folders) await rm(dir, { recursive: true, force: true }).catch(() => {});
  }
  c.signal.throwIfAborted();
  c.gathered.checks = results;
  const score = scoreOf(results);
  const detail = scoreSentence(score);
  const failed = results
    .filter((r) => r.state === 'fail')
    .sort((a, b) => Number(b.blocking) - Number(a.blocking))
    .map((r) => `check ${checkNumber(r.name)} ${r.name}: ${r.detail}\n${r.evidence.slice(-2_000)}`.trim());
  const record = {
    stepKey: step.key,
    gate: QA_GATE,
    tryNumber: at.tryNumber,
    ok: score.ok,
    verdict: score.ok ? ('pass' as const) : at.tryNumber < TRIES ? ('retry' as const) : ('escalate' as const),
    detail,
    command: null,
    exitCode: null,
    ms: Math.round(performance.now() - from),
    tree: at.tree,
    output: failed.join('\n\n').slice(0, OUTPUT),
  };
  c.gathered.gates.push(record);
  c.transcript.add(step.key, 'gate', {
    gate: QA_GATE,
    ok: score.ok,
    detail,
    try: at.tryNumber,
    command: null,
  });
  c.ports.progress();
  // Each round of a workflow has checks of its own.
  const stepKey = c.iteration > 0 ? `${step.key}, round ${c.iteration + 1}` : step.key;
  await c.ports.checks({ stepKey, tryNumber: at.tryNumber, tree: at.tree, results });
  await c.ports.gate(record);
  return score.ok ? [] : [{ gate: QA_GATE, detail, output: record.output }];
}

async function inputOf(
  c: StepContext,
  step: BlueprintStep,
  at: { tree: string; state: StepState },
  folders: string[],
): Promise<CheckInput> {
  const { work, workspace: ws, gathered } = c;
  const { task } = work;
  const first = work.steps.find((s) => s.done && s.commit !== null && s.key !== INTEGRATE)?.commit;
  const base = first ? await ws.commitOf(`${first}^`) : ws.base;
  const writing = work.blueprint.steps.filter((s) => s.role === 'builder');
  const changes = await ws.changes(base, at.tree);
  const inFolder = (root: string): CheckInput['run'] => {
    return (argv, seconds) => runCommand(c, step, argv, seconds, OUTPUT, root);
  };
  const layOut = async (tree: string) => {
    const root = await ws.layOut(tree, `${folders.length + 1}`);
    folders.push(root);
    await preparePackages(c, root);
    return { root, run: inFolder(root) };
  };
  return {
    stage: task.stage,
    role: step.role,
    company: task.company,
    builtBy: work.earlier.find((e) => e.hops === 0 && e.stage === 'BUILD')?.company ?? null,
    writes: writing.length > 0,
    keepsBehaviour: /(?:^|-)(?:refactor|tests?)(?:-|$)/.test(work.blueprint.name),
    registry: c.config.registry,
    root: ws.root,
    base,
    tree: at.tree,
    changes,
    addedLines: changes.length === 0 ? [] : await ws.addedLines(base, at.tree),
    gates: gathered.gates.filter((g) => g.gate !== QA_GATE),
    report: at.state.report,
    mayReport: step.tools.includes('report'),
    reported: gathered.reported,
    findings: gathered.findings,
    criteria: criteriaOf(task.title, task.description),
    earlier: work.earlier.filter((e) => e.report !== null).map((e) => e.taskId),
    docsFollow:
      task.stage === 'BUILD' && (task.tags.includes('docs') || work.blueprint.triggers.includes('DOCS')),
    outside: (path) => {
      const why = writing.map(
        (s) => writeReason(stepRules(task.company, work.companyPolicy, s), path)?.reason ?? null,
      );
      return why.some((w) => w === null) ? null : (why[0] ?? null);
    },
    before: (path) => ws.fileAt(base, path),
    run: (argv, seconds) => runCommand(c, step, argv, seconds, OUTPUT),
    clean: () => layOut(at.tree),
    beforeWith: async (paths) => layOut(await ws.treeWith(base, at.tree, paths)),
    conflicts: () => ws.conflicts(at.tree),
    signal: c.signal,
  };
}

/** What has to be kept to run the checks again: everything but the repository. */
function factsOf(i: CheckInput): InspectedFacts {
  const { stage, role, company, builtBy, writes, keepsBehaviour, base, tree, mayReport, reported, criteria } =
    i;
  const outside = Object.fromEntries(
    i.changes.flatMap(({ path }) => {
      const why = i.outside(path);
      return why === null ? [] : [[path, why]];
    }),
  );
  const { earlier, docsFollow, report } = i;
  return {
    ...{
      stage,
      role,
      company,
      builtBy,
      writes,
      keepsBehaviour: keepsBehaviour ?? false,
      base,
      tree,
      mayReport,
      reported: [...reported],
      criteria,
    },
    ...{ earlier, docsFollow, report, outside },
  };
}
