import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import { type CheckName, type CheckResult, QA_GATE, scoreOf } from '#server/domain/checks.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { Sandbox } from '#server/execution/sandbox/sandbox.ts';
import { NO_USAGE, type Provider, type ToolCall } from '#server/models/provider.ts';
import { createRunner } from '../runner.ts';
import { type Defect, type Drill, plant } from './defects.ts';
import { makeRepository } from './repository.ts';
import { drillPorts, drillWork } from './work.ts';

export interface HarnessResult {
  /** Checks that failed, and gates that failed before they could run. */
  failed: CheckName[];
  details: string[];
  passed: number;
  applicable: number;
  /** Whether the work was kept from counting as done. */
  stopped: boolean;
}

/** A builder that writes what it is given and reports it: the defect is in the work, and nothing else is. */
function scriptedBuilder(drill: Drill, defect: Defect | null): Provider {
  const written = plant(drill, defect);
  const past = defect?.run ?? {};
  const links = defect?.link ?? {};
  const gone = defect?.remove ?? [];
  const changed = [
    ...Object.entries({ ...written, ...past, ...links })
      .filter(([file, text]) => drill.base[file] !== text)
      .map(([file]) => file),
    ...gone,
  ];
  const call = (name: string, args: unknown): ToolCall => ({ id: name, name, arguments: args });
  const bySelf = `for (const [f, t] of Object.entries(${JSON.stringify(past)})) {
    require('fs').mkdirSync(require('path').dirname(f), { recursive: true });
    require('fs').writeFileSync(f, t);
  }
  for (const [f, t] of Object.entries(${JSON.stringify(links)})) require('fs').symlinkSync(t, f);
  for (const f of ${JSON.stringify(gone)}) require('fs').rmSync(f);`;
  const byCommand = [past, links, gone].some((x) => Object.keys(x).length > 0);
  const turns = [
    [
      ...Object.entries(written).map(([file, content]) => call('write', { path: file, content })),
      ...(byCommand ? [call('run', { command: ['node', '-e', bySelf] })] : []),
    ],
    [
      call('report', { ...drill.report, filesWritten: defect?.filesWritten ?? changed }),
      call('finish', { summary: drill.report.summary }),
    ],
  ];
  return {
    id: 'drill',
    url: 'drill:',
    probe: async () => ({ reachable: true, version: null, models: [], scripted: true, problem: null }),
    contextOf: async () => 200_000,
    async chat() {
      const toolCalls = turns.shift() ?? [call('finish', { summary: 'Nothing to add.' })];
      return { ...NO_USAGE, text: '', toolCalls, ms: 0, stop: 'stop', scripted: true };
    },
  };
}

/** Runs a real attempt on the planted change (worktree, sandbox, gates, QA-19) and says what stopped it. */
export async function runHarness(
  drill: Drill,
  defect: Defect | null,
  sandbox: Sandbox,
): Promise<HarnessResult> {
  const home = await mkdtemp(path.join(tmpdir(), 'alai-drill-'));
  try {
    const { bare } = await makeRepository(home, [drill.base]);
    const blueprint = blueprintSchema.parse({
      name: 'drill',
      steps: [
        {
          key: 'build',
          role: 'builder',
          instructions: drill.task.title,
          tools: ['write', 'run', 'report', 'finish'],
          paths: { allow: drill.paths },
        },
      ],
    });
    const work = drillWork(drill, {
      stage: 'BUILD',
      company: 'CodeCraft',
      blueprint,
      bare,
      head: null,
      builtBy: null,
      model: 'scripted',
      rules: '',
    });
    let results: CheckResult[] = [];
    const gates: string[] = [];
    const seen = new AbortController();
    const run = createRunner({
      hostDir: path.join(home, 'host'),
      provider: () => scriptedBuilder(drill, defect),
      sandbox,
    });
    // One try is enough: this builder does not learn.
    const outcome = await run(
      work,
      drillPorts({
        async gate(g) {
          if (!g.ok && g.gate !== QA_GATE) gates.push(`${g.gate}: ${g.detail}`);
          if (!g.ok) seen.abort();
        },
        async checks(c) {
          results = c.results;
        },
      }),
      seen.signal,
    );
    if (outcome.kind === 'infra')
      throw new AlaiError('INTERNAL', outcome.message, 'The drill could not run.');
    const score = scoreOf(results);
    const failed = results.filter((r) => r.state === 'fail');
    return {
      failed: [
        ...(gates.some((g) => g.startsWith('paths:')) ? (['paths'] as const) : []),
        ...failed.map((r) => r.name),
      ],
      details: [...gates, ...failed.map((r) => `${r.name}: ${r.detail}`)],
      passed: score.passed,
      applicable: score.applicable,
      stopped: outcome.kind !== 'done',
    };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
