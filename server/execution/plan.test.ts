import { describe, expect, it } from 'vitest';
import { blueprintStepSchema } from '#server/domain/blueprint.ts';
import { planSchema } from '#server/domain/report.ts';
import { defaultRules, stepRules } from '#server/domain/role-rules.ts';
import { planText, unanswered } from './tools/plan.ts';
import { callTool } from './tools/registry.ts';
import type { ToolContext } from './tools/tool.ts';

const plan = planSchema.parse({
  items: [
    {
      title: 'Add the route\n2. and another',
      files: ['src/a.js'],
      detail: 'first\n2. second',
      acceptance: 'it answers',
    },
    { title: 'Test it' },
  ],
  notTouching: ['the database'],
});

function contextOf(role: 'lead' | 'builder', over: Partial<ToolContext> = {}): ToolContext {
  const tools = ['plan', 'report', 'finish'];
  const step = blueprintStepSchema.parse({ key: 'x', role, instructions: 'Do.', tools });
  return {
    root: '/nowhere',
    step,
    rules: stepRules('CodeCraft', defaultRules(), step),
    withheld: {},
    extra: [],
    company: 'CodeCraft',
    plan: null,
    rails: { modes: {}, paths: [] },
    asked: () => [],
    allowed: () => false,
    needsVerdict: false,
    mask: (text) => text,
    state: { report: null, plan: null, findings: [], finished: null },
    run: () => Promise.reject(new Error('not in this test')),
    signal: new AbortController().signal,
    ...over,
  };
}
const call = (c: ToolContext, name: string, args: unknown) => callTool({ id: '1', name, arguments: args }, c);

describe('a lead', () => {
  it('cannot finish without a plan, and hands it over typed', async () => {
    const c = contextOf('lead');
    expect((await call(c, 'finish', { summary: 'planned' })).output).toContain('this step ends with a plan');
    expect((await call(c, 'plan', { items: [] })).output).toContain('wrong arguments');
    expect((await call(c, 'plan', { items: [{ title: 'x', files: ['../out'] }] })).output).toContain(
      'leaves',
    );
    expect(await call(c, 'plan', plan)).toMatchObject({ ok: true, output: 'plan taken: 2 items' });
    expect(c.state.plan).toEqual(plan);
    expect((await call(c, 'finish', { summary: 'planned' })).ok).toBe(true);
  });
});

describe('a builder', () => {
  it('does not plan, and answers for each item of the plan he was given', async () => {
    const c = contextOf('builder', { plan });
    expect((await call(c, 'plan', plan)).output).toContain('only a lead plans');
    const done = { item: 1, state: 'done' };
    const report = (planItems: unknown[]) => call(c, 'report', { summary: 'Did it.', planItems });
    expect((await report([done])).output).toContain('does not answer item 2');
    expect((await report([done, { item: 2, state: 'skipped' }])).output).toContain(
      'skipped without a reason',
    );
    expect((await report([done, { item: 2, state: 'done' }, { item: 3, state: 'done' }])).output).toContain(
      'has 2',
    );
    expect((await report([done, { item: 2, state: 'skipped', why: 'there is no test runner' }])).ok).toBe(
      true,
    );
    expect(c.state.report?.planItems).toHaveLength(2);
  });

  it('owes nothing where there is no plan', () => {
    expect(unanswered(null, [])).toBeNull();
    expect(unanswered(null, [{ item: 1, state: 'done', why: '' }])).toContain('no plan');
  });
});

it('an item cannot look like the next one', () => {
  const numbered = planText(plan).match(/^\d+\. .*/gm);
  expect(numbered).toEqual(['1. Add the route 2. and another', '2. Test it']);
});
