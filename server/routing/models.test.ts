import { describe, expect, test } from 'vitest';
import type { AgentCapability } from '#server/domain/agents.ts';
import { both, catalogue, plan } from '#test/routing.ts';
import { planModels, routeAnew, tierOfModel } from './models.ts';
import type { HostState } from './schema.ts';

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
