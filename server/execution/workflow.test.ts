import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import { defaultRules } from '#server/domain/role-rules.ts';
import type { Severity } from '#server/domain/status.ts';
import type { AttemptWork, StepOutput, WorkStep } from '#server/domain/work.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';
import { afterRound, workOf } from './workflow.ts';

const factories: Factory[] = [];
afterAll(() => Promise.all(factories.map((f) => f.stop())));
const blueprint = blueprintSchema.parse(
  parse(
    (await readFile('companies/_shared/workflows/default.yaml', 'utf8')).replaceAll(
      /\$\{test\}/g,
      'npm test',
    ),
  ),
);

/** A round whose review found these. */
const round = (iteration: number, severities: Severity[], verdict: 'pass' | 'reject' = 'pass') => ({
  iteration,
  outputs: [
    {
      text: '',
      tree: null,
      report: { verdict } as StepOutput['report'],
      findings: severities.map((severity) => ({
        ...{ severity, title: 't', detail: '', file: null, line: null, evidence: '' },
      })),
    },
  ],
});
const minor = (n: number) => Array.from({ length: n }, () => 'minor' as const);

describe('after a round', () => {
  const work = { blueprint } as AttemptWork;
  it.each([
    ['nothing was found', round(0, []), 'enough'],
    ['three suggestions are left', round(0, minor(3)), 'enough'],
    ['four suggestions are left', round(0, minor(4)), 'again'],
    ['something must be mended', round(1, ['major']), 'again'],
    ['the review rejects', round(0, [], 'reject'), 'again'],
    ['suggestions are left after the last round', round(2, minor(9)), 'enough'],
    ['something must be mended after the last round', round(2, ['critical']), 'give-up'],
  ])('%s', (_, r, kind) => expect(afterRound(work, r).kind).toBe(kind));

  it('whoever only judges is done by having found something', () => {
    const judge = { blueprint: { ...blueprint, max_iterations: 1, steps: blueprint.steps.slice(1, 2) } };
    expect(afterRound(judge as AttemptWork, round(0, ['critical'], 'reject')).kind).toBe('enough');
  });
});

describe('a step of a workflow', () => {
  const base = { model: { name: 'a', tier: 2, host: 'forge' }, task: { company: 'CodeCraft' }, findings: [] };
  const agent = { name: 'Proveo', company: { identity: 'P', roles: {}, skills: [] }, policy: defaultRules() };
  const step = blueprint.steps[1] as (typeof blueprint.steps)[number];
  it('is given the servers of its own company, not those of the task’s', () => {
    const work = {
      ...base,
      mcp: [{ name: 'ours' }],
      models: [],
      agents: { review: { ...agent, mcp: [], tiers: [] } },
    };
    expect(workOf(work as unknown as AttemptWork, step, []).work.mcp).toEqual([]);
  });
  it('is done by its own company, on the first of its tiers that has a model here', () => {
    const work = {
      ...base,
      host: 'forge',
      models: [{ tier: 3, name: 'b' }],
      agents: { review: { ...agent, tiers: [4, 3] } },
    };
    const own = workOf(work as unknown as AttemptWork, step, []);
    expect(own).toMatchObject({
      note: null,
      work: { task: { company: 'Proveo' }, model: { name: 'b', tier: 3 } },
    });
  });
  it('says so when none of them has', () => {
    const work = { ...base, host: 'forge', models: [], agents: { review: { ...agent, tiers: [4] } } };
    const own = workOf(work as unknown as AttemptWork, step, []);
    expect(own.note).toContain('Tier 4 has no model on forge');
    expect(own.work.model.name).toBe('a');
  });
});

describe('a workflow whose rounds are used up', { timeout: 60_000 }, () => {
  const rejecting = (work: AttemptWork) =>
    work.steps.map((s): WorkStep => {
      const verdict = s.key === 'review' ? ('reject' as const) : null;
      const report = {
        verdict,
        planItems: [],
        consulted: [],
        criteria: [],
      } as unknown as StepOutput['report'];
      return { ...s, iteration: 2, done: true, output: { text: '', tree: null, report, findings: [] } };
    });

  it('is not done because an attempt finds its last round finished: another round is opened', async () => {
    const f = await createFactory({ 'package.json': '{"name":"x","type":"module"}', 'README.md': '# x\n' });
    factories.push(f);
    const work = await f.work('BUILD', { title: 'A note' }, { blueprint });
    let opened = 0;
    const ports = memoryPorts({
      async nextRound() {
        opened++;
        return [];
      },
    });
    const r = await f.run({ ...work, steps: rejecting(work) }, ports);
    expect(opened).toBe(1);
    expect(r.kind).not.toBe('done');
  });
});

describe('a workflow that does not come to an end', { timeout: 60_000 }, () => {
  it('asks the human after its last round, and leaves no folder behind', async () => {
    const f = await createFactory({ 'package.json': '{"name":"x","type":"module"}', 'README.md': '# x\n' });
    factories.push(f);
    const once = { ...blueprint, max_iterations: 1, steps: blueprint.steps.slice(0, 2) };
    const work = await f.work('BUILD', { title: 'A note [fault: reject]' }, { blueprint: once });
    const r = await f.run(work, memoryPorts());
    expect(r).toMatchObject({ kind: 'yielded', reason: 'asked' });
    expect(r.kind === 'yielded' && r.question).toContain('Shall it go one more round?');
    expect(await readdir(join(f.home, 'hosts/forge/work'))).toEqual([]);
  });
});

describe('the default workflow', { timeout: 60_000 }, () => {
  it('goes round until at most three suggestions are left, and each reviewer sees the change', async () => {
    const f = await createFactory({
      'package.json': '{"name":"x","type":"module","scripts":{"test":"node --test --test-isolation=none"}}',
      'README.md': '# x\n',
    });
    factories.push(f);
    const work = await f.work('BUILD', { id: 77, title: 'A note [fault: suggestions]' }, { blueprint });
    let next = 100;
    const opened: number[] = [];
    const ports = memoryPorts({
      async nextRound() {
        opened.push(opened.length + 1);
        return blueprint.steps.map(
          (s, ord): WorkStep => ({
            ...{
              id: next++,
              key: s.key,
              iteration: opened.length,
              ord,
              done: false,
              commit: null,
              output: null,
            },
          }),
        );
      },
    });
    const r = await f.run(work, ports);
    expect(r).toMatchObject({ kind: 'done', findings: [] });
    expect(opened).toEqual([1]);
    expect(ports.steps.map((s) => s.output.findings.length)).toEqual([0, 4, 0, 0, 0, 0]);
    const said = ports.entries.filter((e) => e.stepKey === '').map((e) => e.data.text);
    expect(said).toEqual([
      'Round 1 of 3: 0 to mend, 4 suggestions. Once more.',
      'Round 2 passed: 0 to mend, 0 suggestions, 3 allowed.',
    ]);
    expect(ports.checked.map((c) => c.stepKey)).toEqual(['refine', 'refine, round 2']);
  });
});
