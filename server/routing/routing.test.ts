import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Catalogue, readCatalogue } from '#server/catalogue/data.ts';
import type { AgentCapability } from '#server/domain/agents.ts';
import { classifyByKeywords, keywordClassifier } from './keywords.ts';
import { planModels, routeAnew, tierOfModel } from './models.ts';
import { type Overrides, planWork } from './policy.ts';
import type { HostState } from './schema.ts';

const catalogue = readCatalogue(path.resolve('companies'));
const everything = ['qwen3:8b', 'qwen2.5-coder:32b', 'kimi-k2.5:tq1', 'bge-m3:latest'];
const both: HostState[] = [
  { name: 'anvil', models: everything },
  { name: 'forge', models: everything },
];

const classify = (title: string, description = '', tags: string[] = []) =>
  classifyByKeywords(catalogue, { title, description, tags });

function plan(
  title: string,
  more: { tags?: string[]; hosts?: HostState[]; overrides?: Overrides; in?: Catalogue } = {},
) {
  const task = { title, description: '', tags: more.tags ?? [] };
  const from = more.in ?? catalogue;
  return planWork(from, {
    task,
    classification: classifyByKeywords(from, task),
    held: null,
    hosts: more.hosts ?? both,
    ...(more.overrides ? { overrides: more.overrides } : {}),
  });
}

describe('the company', () => {
  test.each([
    // The five tasks of the sample.
    ['Bento: Project scaffold — Next.js frontend + Kotlin/Ktor API', 'CodeCraft'],
    ['Bento: Database schema design — users, subscriptions, meals, deliveries', 'CodeCraft'],
    ['Bento: Landing page design — Nordic minimalist, hero + pricing + CTA', 'Vizu'],
    ['Bento: API — user auth + subscription management endpoints', 'CodeCraft'],
    ['Bento: Frontend — meal selection + checkout flow', 'Vizu'],
    // Words that mislead.
    ['payment button colour', 'Vizu'],
    ['review the ML report', 'Proveo'],
    ['write the deploy guide', 'Lexicon'],
    ['Deploy the documentation site', 'FlowForge'],
    ['Drop: write tests for the payment form', 'Proveo'],
    ['Document the security headers', 'Lexicon'],
    ['Audit the checkout page for XSS', 'Securion'],
    ['Fix the crash in the invoice import', 'CodeCraft'],
    ['Add a Dockerfile for the API', 'FlowForge'],
    ['Draft the privacy policy for the landing page', 'Lexicon'],
    ['Dark mode for the audit log page', 'Vizu'],
    ['CVE-2026-1234 in the image library', 'Securion'],
    ['Build the reporting API for analysts', 'CodeCraft'],
    // No word of anybody's.
    ['Make it better somehow', 'CodeCraft'],
    ['Ærlig talt 🍱', 'CodeCraft'],
  ])('%s -> %s', (title, company) => {
    expect(classify(title).company).toBe(company);
  });

  test.each([
    // Marks on letters and their spellings, cases, compounds.
    ['Izvjestaj o prodaji', 'Datavera'],
    ['Promijeni boju dugmeta na stranici za plaćanje', 'Vizu'],
    ['Promeni boju dugmadi', 'Vizu'],
    ['Fargen paa betalingsknappen', 'Vizu'],
    ['Databasemigrering', 'CodeCraft'],
    ['Пошаљи извјештај о продаји', 'Datavera'],
    // What is to be left alone speaks against its company.
    ['Speed up the settings page query without touching the UI', 'CodeCraft'],
    ['Ispravi spremanje postavki, bez diranja frontenda i dizajna', 'CodeCraft'],
    ['Lagre innstillingene raskere i backend, ikke frontend', 'CodeCraft'],
  ])('%s -> %s, whatever the language', (title, company) => {
    expect(classify(title).company).toBe(company);
  });

  test('every answer shows its sum: words with their points, the wish of the title, the runner-up', () => {
    const { reasons } = classify('review the ML report');
    expect(reasons[0]).toMatch(/^Proveo: it asks for a review \+24; "review" \+\d+ \(\d+ points\)$/);
    expect(reasons[1]).toMatch(/^not Datavera: .*"report" \+\d+/);
    expect(classify('Endpoint for orders, not the frontend').reasons.join('\n')).toMatch(
      /not Vizu: it is to be left alone: "frontend" -/,
    );
  });

  test('a tag settles it, and the reason says so', () => {
    const found = classify('Rework the settings', '', ['Frontend']);
    expect(found).toMatchObject({ company: 'Vizu', confidence: 1 });
    expect(found.reasons[0]).toContain('tag "Frontend"');
  });

  test('words are whole words: "capital" is no api and "trust" no rust', () => {
    expect(classify('Capital and trust in our build guild').company).toBe('CodeCraft');
    expect(classify('Capital').confidence).toBeLessThan(0.3);
  });

  test('the description counts less than the title', () => {
    expect(classify('Landing page hero', 'The api backend database is deployed with docker').company).toBe(
      'Vizu',
    );
  });

  test('the same text gives the same answer, and hostile text costs little', async () => {
    const text = `${'payment '.repeat(2_000)}${'a'.repeat(30_000)}${'\\b('.repeat(500)}`;
    const started = performance.now();
    const first = classify(text, text);
    expect(performance.now() - started).toBeLessThan(500);
    expect(
      await keywordClassifier(() => catalogue).classify({ title: text, description: text, tags: [] }),
    ).toEqual(first);
  });
});

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

const all: AgentCapability[] = ['analyst', 'implementer', 'validator', 'integrator'];
const can = { 'mistral:7b': all, 'qwen2.5-coder:7b': all, 'bge-m3:latest': [] };

describe('tier and model', () => {
  const models = (wanted: number, hosts = both) => planModels({ ...catalogue, hosts, accounts: {} }, wanted);
  const where = (p: ReturnType<typeof models>) => p.choices.map((c) => `${c.host}:${c.model}:${c.tier}`);

  test('starts on the preferred host of its tier, goes on to the others, then up', () => {
    expect(where(models(1))).toEqual([
      'forge:qwen3:8b:1',
      'anvil:qwen3:8b:1',
      'anvil:qwen2.5-coder:32b:2',
      'forge:qwen2.5-coder:32b:2',
    ]);
  });

  test('a tier without a provider is skipped with the reason, and its host keeps the work', () => {
    const found = models(3);
    expect(found.tier).toBe(2);
    expect(where(found)).toEqual(['forge:qwen2.5-coder:32b:2', 'anvil:qwen2.5-coder:32b:2']);
    expect(found.skipped).toEqual([
      { tier: 3, model: 'kimi-k2.5:tq1', reason: 'no host has a llama-server for it' },
      {
        tier: 4,
        model: 'claude-sonnet',
        reason:
          'claude-code is not installed on any host; providers.yaml has no anthropic of the kind anthropic',
      },
    ]);
    expect(found.reasons[0]).toBe(
      'Tier 3 is wanted, but no host has a llama-server for it: qwen2.5-coder:32b of tier 2 on FORGE',
    );
  });

  test('a host that lacks the model is left out while another has it', () => {
    const found = models(2, [
      { name: 'anvil', models: ['qwen3:8b'] },
      { name: 'forge', models: ['qwen2.5-coder:32b'] },
    ]);
    expect(where(found)).toEqual(['forge:qwen2.5-coder:32b:2']);
  });

  test('a model nobody pulled is replaced by an installed one that can use tools, and it is said', () => {
    const found = models(2, [
      { name: 'anvil', models: ['bge-m3:latest', 'mistral:7b'], can },
      { name: 'forge', models: ['qwen2.5-coder:7b', 'mistral:7b'], can },
    ]);
    expect(where(found)).toEqual(['anvil:mistral:7b:2', 'forge:qwen2.5-coder:7b:2']);
    expect(found.reasons.join()).toContain(
      'qwen2.5-coder:32b is not pulled anywhere: mistral:7b on ANVIL stands in',
    );
  });

  test('what a model can do decides, not its name: without tools it only advises, and nobody stands in unasked', () => {
    const text: HostState['can'] = { 'qwen2.5-coder:32b': ['analyst'] };
    const own = models(2, [{ name: 'anvil', models: ['qwen2.5-coder:32b'], can: text }]);
    expect(own.choices[0]).toMatchObject({ model: 'qwen2.5-coder:32b', pipelines: ['ollama-simple'] });
    const small = models(1, [
      { name: 'forge', models: ['qwen3:8b'], can: { 'qwen3:8b': ['analyst'] } },
      { name: 'anvil', models: [] },
    ]);
    expect(small.choices.map((c) => [c.tier, c.pipelines])).toEqual([[2, ['ollama-simple']]]);
    expect(small.skipped[0]?.reason).toBe('qwen3:8b on FORGE cannot use tools');
    const strange = ['anvil', 'forge'].map((name) => ({ name, models: ['unheard-of:7b'] }));
    expect(models(2, strange).choices).toEqual([]);
  });

  test('a llama-server whose model showed that it calls no tools is asked in text', () => {
    const fleet = {
      ...catalogue.fleet,
      hosts: catalogue.fleet.hosts.map((h) => ({ ...h, llama_server: 'http://127.0.0.1:8080' })),
    };
    const hosts = (can: HostState['can']): HostState[] =>
      both.map((h) => ({ ...h, llama: ['kimi-k2.5:tq1'], ...(can ? { can } : {}) }));
    const ways = (can: HostState['can']) =>
      planModels({ ...catalogue, fleet, hosts: hosts(can), accounts: {} }, 3).choices[0]?.pipelines;
    expect(ways(undefined)).toEqual(['llama-tool', 'llama-server']);
    expect(ways({ 'kimi-k2.5:tq1': ['analyst', 'validator'] })).toEqual(['llama-server']);
  });

  test('hosts that have not reported are trusted with the table', () => {
    expect(where(models(2, []))).toEqual(['anvil:qwen2.5-coder:32b:2', 'forge:qwen2.5-coder:32b:2']);
  });

  test('with only embedding models anywhere there is no choice, and the route says that it waits', () => {
    const none = models(2, [
      { name: 'anvil', models: ['bge-m3:latest'], can },
      { name: 'forge', models: [] },
    ]);
    expect(none.choices).toEqual([]);
    expect(none.reasons.join()).toContain('it waits for one');
  });

  test('a route without a model gets the ones that came later, and waits until then', () => {
    const without = [{ name: 'forge', models: [] }];
    const { route } = plan('Add a button', { hosts: without.concat({ name: 'anvil', models: [] }) });
    const anew = (hosts: { name: string; models: string[] }[]) =>
      routeAnew({ ...catalogue, hosts, accounts: {} }, route);
    expect(anew(without.concat({ name: 'anvil', models: [] }))).toBeNull();
    const found = anew([
      { name: 'anvil', models: [] },
      { name: 'forge', models: ['qwen2.5-coder:32b'] },
    ]);
    expect(found?.choices.map((c) => c.host)).toEqual(['forge']);
    expect(found?.reasons.join()).not.toContain('it waits for one');
    expect(found?.company).toBe(route.company);
  });

  const anthropic = { anthropic: { kind: 'anthropic', offline: false, why: null } };
  const cloud = (over: { accounts?: object; hosts?: HostState[]; offline?: boolean } = {}) =>
    planModels(
      { ...catalogue, hosts: over.hosts ?? both, accounts: { ...anthropic, ...over.accounts } },
      4,
      over.offline,
    );

  test('a cloud tier runs from any host, by what is there: the CLI first, the API as its fallback', () => {
    const api = cloud();
    expect(api.tier).toBe(4);
    expect(api.choices[0]).toMatchObject({
      provider: 'anthropic',
      account: 'anthropic',
      pipelines: ['claude-api'],
    });
    const withCli = both.map((h) => ({ ...h, agents: ['claude-code'] }));
    expect(cloud({ hosts: withCli }).choices[0]).toMatchObject({
      provider: 'claude-code',
      pipelines: ['claude-cli', 'claude-api'],
    });
  });

  test('work of a cloud tier knows who takes it while there is no network', () => {
    const found = cloud();
    expect(found.choices.map((c) => c.tier)).toEqual([4, 4, 2, 2, 1, 1]);
    expect(found.reasons.join()).toContain('Without a network: qwen2.5-coder:32b of tier 2');
  });

  test('a key that is missing is the reason, and offline leaves out what needs a network', () => {
    const why = 'ANTHROPIC_API_KEY is not set';
    const keyless = cloud({ accounts: { anthropic: { kind: 'anthropic', offline: false, why } } });
    expect(keyless.tier).toBe(2);
    expect(keyless.skipped.find((s) => s.tier === 4)?.reason).toContain(why);
    const offline = cloud({ offline: true });
    expect(offline.choices.every((c) => c.provider === 'ollama')).toBe(true);
    expect(offline.skipped.find((s) => s.tier === 4)?.reason).toContain('anthropic needs a network');
  });

  test('beside the rehearsal nothing real is asked', () => {
    const hosts = both.map((h) => ({ ...h, scripted: true, agents: ['claude-code'] }));
    const found = cloud({ hosts });
    expect(found.choices.every((c) => c.provider === 'ollama')).toBe(true);
    expect(found.skipped.find((s) => s.tier === 4)?.reason).toContain('nothing real is asked beside it');
  });

  test('a llama-server counts for the model it has loaded and for no other', () => {
    const fleet = {
      hosts: catalogue.fleet.hosts.map((h) => ({
        ...h,
        llama_server: h.name === 'forge' ? 'http://127.0.0.1:8081' : null,
      })),
    };
    const at = (llama: string[] | null) =>
      planModels({ ...catalogue, fleet, hosts: [{ name: 'forge', models: [], llama }], accounts: {} }, 3);
    expect(at(['kimi-k2.5:tq1']).choices[0]).toMatchObject({
      host: 'forge',
      provider: 'llama-server',
      pipelines: ['llama-tool', 'llama-server'],
    });
    expect(at(['another']).skipped.find((s) => s.tier === 3)?.reason).toContain('has another loaded');
    expect(at(null).skipped.find((s) => s.tier === 3)?.reason).toContain('does not answer');
  });

  test('names of companies’ overrides are found in the table', () => {
    expect(tierOfModel(catalogue.tiers, 'ollama:qwen3:8b')).toBe(1);
    expect(tierOfModel(catalogue.tiers, 'opus')).toBe(4);
    expect(tierOfModel(catalogue.tiers, 'ollama:unheard-of')).toBeUndefined();
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
