import { describe, expect, test } from 'vitest';
import { both, catalogue, plan } from '#test/routing.ts';
import { classifyByKeywords } from './keywords.ts';
import { planWork } from './policy.ts';

describe('type, complexity and blueprint', () => {
  test.each([
    ['Bento: Project scaffold — Next.js frontend + Kotlin/Ktor API', 'scaffold', 3, 'codecraft-nextjs-app'],
    [
      'Bento: Landing page design — Nordic minimalist, hero + pricing + CTA',
      'feature',
      2,
      'vizu-landing-page',
    ],
    ['Bento: API — user auth + subscription management endpoints', 'feature', 3, 'codecraft-api-backend'],
    ['Bento: Frontend — meal selection + checkout flow', 'feature', 2, 'minion-one-shot'],
    ['Fix typo in the footer', 'bugfix', 1, 'minion-bugfix'],
    ['Refactor the payment module', 'refactor', 4, 'minion-refactor'],
    ['Rewrite the scheduler for distributed workers with zero-downtime', 'feature', 4, 'minion-one-shot'],
    ['write the deploy guide', 'docs', 1, 'minion-docs'],
    ['Fix SQL injection in the login endpoint', 'security-fix', 3, 'minion-security-fix'],
  ])('%s: %s, %i, %s', (title, type, complexity, blueprint) => {
    expect(plan(title).route).toMatchObject({ type, complexity, blueprint });
  });
});

describe('the chain', () => {
  test('goes BUILD, REVIEW, SECURITY, with everything pinned', () => {
    const { plan: chain } = plan('Add an endpoint for meals');
    expect(chain.stages.map((s) => [s.stage, s.company, s.blueprint])).toEqual([
      ['BUILD', 'CodeCraft', 'codecraft-api-backend'],
      ['REVIEW', 'Proveo', 'review'],
      ['SECURITY', 'Securion', 'security-review'],
    ]);
    for (const stage of chain.stages) {
      expect(stage.companyHash).toMatch(/^[0-9a-f]{64}$/);
      expect(stage.blueprintHash).toMatch(/^[0-9a-f]{64}$/);
      expect(stage.steps.length).toBeGreaterThan(0);
      expect(stage.route.choices.length).toBeGreaterThan(0);
    }
  });

  test('OPS and DOCS follow when a tag asks for them', () => {
    const { plan: chain } = plan('Add an endpoint', { tags: ['deploy', 'docs'] });
    expect(chain.stages.map((s) => s.stage)).toEqual(['BUILD', 'REVIEW', 'SECURITY', 'OPS', 'DOCS']);
    // They ask for a stage after the work; the work itself is still an endpoint, and may write code.
    expect(chain.stages[0]?.blueprint).toBe('codecraft-api-backend');
  });

  test('nobody reviews his own work', () => {
    const { plan: chain } = plan('review the ML report');
    expect(chain.stages.map((s) => s.company)).toEqual(['Proveo', 'CodeCraft', 'Securion']);
    expect(chain.stages[1]?.route.reasons.join()).toContain('Proveo built it itself');
    expect(plan('Audit the API for XSS').plan.stages.map((s) => s.company)).toEqual([
      'Securion',
      'Proveo',
      'Proveo',
    ]);
  });

  test('a company that is merged, switched off or broken hands its work on, and the route says so', () => {
    expect(plan('x', { overrides: { company: 'Proxima' } }).route.company).toBe('Vizu');
    expect(() => plan('x', { overrides: { company: 'Axiom' } })).toThrow(
      'Axiom is a meta company: it is never given a build.',
    );
    const companies = new Map(catalogue.companies);
    companies.delete('Vizu');
    const problems = [{ file: 'companies/Vizu/config.json', line: 3, message: 'x', remedy: 'y' }];
    const { route } = plan('payment button colour', { in: { ...catalogue, companies, problems } });
    expect(route.company).toBe('CodeCraft');
    expect(route.reasons[0]).toBe(
      'Vizu cannot be read (companies/Vizu/config.json:3): CodeCraft takes its work',
    );
  });

  test('what a person chose is taken, and nonsense is refused by name', () => {
    const { route } = plan('payment button colour', {
      overrides: { company: 'CodeCraft', blueprint: 'minion-bugfix', tier: 1 },
    });
    expect(route).toMatchObject({ company: 'CodeCraft', blueprint: 'minion-bugfix', tier: 1 });
    expect(() => plan('x', { overrides: { company: 'Initech' } })).toThrow(
      expect.objectContaining({ code: 'COMPANY_UNKNOWN' }),
    );
    expect(() => plan('x', { overrides: { blueprint: 'magic' } })).toThrow(
      expect.objectContaining({ code: 'BLUEPRINT_UNKNOWN', hint: expect.stringContaining('minion-bugfix') }),
    );
  });
});

describe('the tier a person lets work begin on', () => {
  const task = { title: 'Add a filter to the report list', description: '', tags: [] };
  const input = { task, classification: classifyByKeywords(catalogue, task), held: null, hosts: both };
  const { route } = planWork(catalogue, input);
  const to = route.tier === 1 ? 2 : 1;
  const start = { kind: `BUILD ${route.type}`, insteadOf: route.tier, tier: to };
  const begun = (more: Partial<Parameters<typeof planWork>[1]> = {}) =>
    planWork(catalogue, { ...input, starts: [start], ...more }).route;

  test('counts instead of the one the files say, and is said', () => {
    expect(begun().tier).toBe(to);
    expect(begun().reasons.join(' ')).toContain(`Tier ${to} instead of ${route.tier}`);
  });

  test('leaves alone other kinds, other tiers, what is held, and what he chose for this very task', () => {
    const other = (over: object) => begun({ starts: [{ ...start, ...over }] }).tier;
    expect(other({ kind: `REVIEW ${route.type}` })).toBe(route.tier);
    expect(other({ insteadOf: 4, tier: to })).toBe(route.tier);
    expect(begun({ overrides: { tier: route.tier } }).tier).toBe(route.tier);
    expect(begun({ overrides: { complexity: route.complexity } }).tier).toBe(route.tier);
    const held = { rule: 'r', reason: 'a rail' } as never;
    expect(begun({ held }).tier).toBe(planWork(catalogue, { ...input, held }).route.tier);
  });

  test('counts for a later stage too', () => {
    const review = planWork(catalogue, input).plan.stages.find((s) => s.stage === 'REVIEW');
    const from = review?.route.tier as number;
    const tier = from === 1 ? 2 : 1;
    const starts = [{ kind: `REVIEW ${route.type}`, insteadOf: from, tier }];
    const again = planWork(catalogue, { ...input, starts }).plan.stages.find((s) => s.stage === 'REVIEW');
    expect(again?.route.tier).toBe(tier);
  });
});
