import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAgents, trialOf } from '#server/api/agents.ts';
import type { Services } from '#server/api/services.ts';
import { setBudget } from '#server/budget/commands.ts';
import { readSpend } from '#server/budget/spend.ts';
import { readCatalogue } from '#server/catalogue/data.ts';
import { timing } from '#server/domain/timing.ts';
import { resumeFactory, stopFactory } from '#server/engine/factory.ts';
import { declareHosts, hostAgents, registerWorker, writeProbe } from '#server/engine/hosts.ts';
import { cliAgents } from '#server/execution/agents/registry.ts';
import { maskFor } from '#server/execution/prompt/mask.ts';
import { detectSandbox } from '#server/execution/sandbox/registry.ts';
import { askTrial, readTrial } from '#server/fleet/trials.ts';
import { modelError, type Provider } from '#server/models/provider.ts';
import { createLogger } from '#server/platform/logger.ts';
import { testDatabase } from '#test/database.ts';
import { ceo } from '#test/factory.ts';
import { startRehearsal } from '#test/rehearsal.ts';
import { tendTrials } from './trials.ts';

const { db } = await testDatabase();
const t = timing();
/** The worker of these tests is heard of once, and stays so however slow the machine is. */
const heard = { ...t, workerSeen: 600_000, lease: 600_000, heartbeat: 300_000 };
const s = { db, timing: heard, catalogue: readCatalogue } as unknown as Services;
const worker = { id: '00000000-0000-4000-8000-000000000001', host: 'forge' };
let hostDir: string;
let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
let trials: { stop(): void };

const slow = (script: string) => ({
  agent: { ...cliAgents.codex, argv: () => ['-c', script] },
  program: '/bin/sh',
  readable: '/bin/sh',
});
let script = 'exit 1';
let standIn: Provider | null = null;
const secret = 'key-of-this-machine-1';

beforeAll(async () => {
  hostDir = await mkdtemp(join(tmpdir(), 'alai-trial-'));
  rehearsal = await startRehearsal();
  const declared = ['forge', 'anvil'].map((name) => ({
    ...{ name, label: name.toUpperCase(), slots: 2, memoryGb: null, local: true, ollama: null },
    ...{ llamaServer: null, standBy: null, models: [], lanes: {} },
  }));
  await declareHosts(db, declared, 1_000);
  const facts = { name: 'forge', slots: 2, memoryGb: null, models: [], scripted: true, sandbox: 'none' };
  await registerWorker(db, { publish: async () => {} } as never, { id: worker.id, pid: 1, host: facts });
  const probe = await rehearsal.provider.probe();
  await writeProbe(db, 'forge', {
    ...{ reachable: true, version: probe.version, ms: 1, problem: null, loaded: [], scripted: true },
    models: probe.models.map((m) => ({ ...m, context: m.contextLength })),
  });
  await hostAgents(db, 'forge', [
    { name: 'codex', version: '1.0', usable: true, reason: '' },
    { name: 'gemini', version: null, usable: false, reason: 'gemini is not on the PATH of the worker' },
  ]);
  trials = await tendTrials({
    ...{ db, worker, hostDir, sandbox: await detectSandbox(), timing: t, log: createLogger('test') },
    provider: () => standIn ?? rehearsal.provider,
    agents: { find: () => slow(script), given: () => ({}) },
    mask: maskFor([secret]),
  });
});
afterAll(async () => {
  trials.stop();
  await rehearsal.stop();
  await rm(hostDir, { recursive: true, force: true });
});

async function ask(name: string, prompt = 'How are you?') {
  const trial = trialOf(await listAgents(s), { name, prompt }, ['forge']);
  const id = await askTrial(db, trial, ceo, heard);
  return async () => {
    for (;;) {
      const now = await readTrial(db, id);
      if (now?.endedAt) return now;
      await new Promise((r) => setTimeout(r, 20));
    }
  };
}

describe('who can be asked', () => {
  it('is listed with what it can do, and why not', async () => {
    const all = await listAgents(s);
    const of = (name: string) => all.find((a) => a.name === name);
    expect(of('qwen3:8b')).toMatchObject({
      ...{ host: 'forge', provider: 'ollama', usable: true, tiers: [1] },
      capabilities: ['analyst', 'implementer', 'validator', 'integrator'],
      pipelines: ['ollama-tool', 'ollama-simple'],
    });
    expect(of('bge-m3:latest')).toMatchObject({ usable: false, capabilities: [], pipelines: [] });
    expect(of('gemini')).toMatchObject({ usable: false, why: 'gemini is not on the PATH of the worker' });
    expect(of('codex')).toMatchObject({ usable: true, pipelines: ['codex-cli'], version: '1.0' });
    expect(of('anthropic')).toMatchObject({ host: null, provider: 'anthropic' });
  });

  it('names a tier beside the one service that it asks, and says which is left alone', async () => {
    const catalogue = readCatalogue();
    const preset = catalogue.tiers.default;
    const row = { tier: 4 as const, name: 'Cloud', model: 'deepseek-chat', use: 'Large', hosts: [] };
    const tiers = (account?: string) => ({
      ...catalogue.tiers,
      presets: {
        [preset]: {
          ...catalogue.tiers.presets[preset],
          tiers: [{ ...row, provider: 'openai' as const, pipelines: [], ...(account ? { account } : {}) }],
        },
      },
    });
    const with4 = async (account?: string) => {
      const own = { ...s, catalogue: () => ({ ...catalogue, tiers: tiers(account) }) } as unknown as Services;
      return (await listAgents(own)).filter((a) => a.tiers.includes(4)).map((a) => a.name);
    };
    // All of them speak the protocol of OpenAI.
    expect(await with4('deepseek')).toEqual(['deepseek']);
    expect(await with4()).toEqual(['openai']);
    await db.pool.query(
      `INSERT INTO breaker(host, model, state, error, probe_at) VALUES ('*', 'localai', 'OPEN', 'It is busy', now() + interval '1 hour')`,
    );
    const all = await listAgents(s);
    expect(all.find((a) => a.name === 'localai')?.why).toMatch(/left alone: It is busy|nothing answers/);
    await db.pool.query('DELETE FROM breaker');
  });

  it('is said where a name means nobody, or somebody who cannot answer', async () => {
    await expect(ask('gpt-9')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask('qwen3:8b@anvil')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask('gemini')).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('one question', () => {
  it('is not put to a model that the host has no memory for', async () => {
    await db.pool.query(
      `UPDATE host SET memory_gb = 6, planned = '[{"name": "qwen3:8b", "gb": 8, "parallel": 1}]' WHERE name = 'forge'`,
    );
    await expect(ask('qwen3:8b@forge')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'qwen3:8b cannot be asked: it is larger than the 6 GB of forge.',
    });
    await db.pool.query(`UPDATE host SET memory_gb = NULL, planned = '[]' WHERE name = 'forge'`);
  });

  it('is not put to a server that does not answer', async () => {
    await db.pool.query(`UPDATE host SET probe = probe || '{"reachable": false}' WHERE name = 'forge'`);
    await expect(ask('qwen3:8b')).rejects.toMatchObject({
      message: expect.stringContaining('does not answer'),
    });
    await db.pool.query(`UPDATE host SET probe = probe || '{"reachable": true}' WHERE name = 'forge'`);
  });

  it('is answered by the model of a host, with tokens, time and cost, and the log keeps who asked', async () => {
    const end = await (await ask('qwen3:8b@forge'))();
    expect(end).toMatchObject({
      state: 'DONE',
      scripted: true,
      host: 'forge',
      model: 'qwen3:8b',
      error: null,
    });
    expect(end.answer).toContain('How are you?');
    expect(end.tokensIn).toBeGreaterThan(0);
    expect(end.eur).not.toBeNull();
    const { rows } = await db.pool.query(`SELECT actor, data FROM event WHERE type = 'host.agent-tested'`);
    expect(rows.at(-1)).toMatchObject({ actor: ceo.name, data: { name: 'qwen3:8b' } });
    expect((await db.pool.query('SELECT 1 FROM task')).rowCount).toBe(0);
  });

  it('that an agent fails at says why', async () => {
    script = 'cat > /dev/null; echo "401 Unauthorized" >&2; exit 1';
    expect(await (await ask('codex'))()).toMatchObject({ state: 'FAILED', error: { code: 'PROVIDER_KEY' } });
  });

  it('is paid from the day and the month, and not asked where they do not reach', async () => {
    script = `cat > /dev/null; echo '{"type":"item.completed","item":{"type":"agent_message","text":"Well."}}';
      echo '{"type":"turn.completed","usage":{"input_tokens":1000,"output_tokens":100}}'`;
    const end = await (await ask('codex'))();
    expect(end).toMatchObject({ state: 'DONE', error: null });
    expect(end.eur).toBeGreaterThan(0);
    const { rows } = await db.pool.query(
      'SELECT scope, spent_eur::float8 spent FROM budget_use ORDER BY scope',
    );
    expect(rows).toEqual(['day', 'month'].map((scope) => ({ scope, spent: end.eur })));
    await setBudget(db, { scope: 'day', key: '', limit: 0.01 }, ceo);
    expect(await (await ask('codex'))()).toMatchObject({
      state: 'FAILED',
      error: { code: 'BUDGET_EXCEEDED' },
    });
    await setBudget(db, { scope: 'day', key: '', limit: null }, ceo);
  });

  it('is paid too where it fails after it used something', async () => {
    const spent = async () =>
      (
        await db.pool.query<{ eur: number; spent: number; failed: number }>(
          `SELECT (SELECT sum(cost_eur)::float8 FROM outside_call) eur, (SELECT spent_eur::float8 FROM budget_use WHERE scope = 'day') spent,
             (SELECT count(*)::int FROM outside_call WHERE NOT ok) failed`,
        )
      ).rows[0] as { eur: number; spent: number; failed: number };
    const before = await spent();
    script = `cat > /dev/null; echo '{"type":"turn.completed","usage":{"input_tokens":1000,"output_tokens":100}}'; exit 3`;
    const end = await (await ask('codex'))();
    expect(end).toMatchObject({ state: 'FAILED', tokensIn: 1_000, tokensOut: 100 });
    expect(end.eur).toBeGreaterThan(0);
    const after = await spent();
    expect(after).toMatchObject({ eur: after.spent, failed: before.failed + 1 });
    expect(after.spent - before.spent).toBeCloseTo(end.eur ?? 0, 6);
  });

  it('is paid where its answer broke off, by the text that came, and says that this is estimated', async () => {
    standIn = {
      ...rehearsal.provider,
      chat: async (r) => {
        r.onText?.('Half of an answer, and then');
        throw modelError('MODEL_GARBAGE', 'It broke off', 'Ask again.', 'permanent');
      },
    };
    const end = await (await ask('qwen3:8b@forge', 'Tell me everything'))();
    standIn = null;
    expect(end).toMatchObject({ state: 'FAILED', estimated: true, error: { code: 'MODEL_GARBAGE' } });
    expect(end.tokensIn).toBeGreaterThan(0);
    expect(end.tokensOut).toBeGreaterThan(0);
    const { rows } = await db.pool.query(
      'SELECT ok, estimated, tokens_out::int "out" FROM outside_call ORDER BY id DESC LIMIT 1',
    );
    expect(rows).toEqual([{ ok: false, estimated: true, out: end.tokensOut }]);
    expect((await readSpend(db, { days: 1 }, false)).total.estimated).toBe(1);
  });

  it('that nobody took up is not paid', async () => {
    const calls = async () => (await db.pool.query('SELECT count(*)::int n FROM outside_call')).rows[0]?.n;
    const before = await calls();
    standIn = {
      ...rehearsal.provider,
      chat: async () => {
        throw modelError('MODEL_UNREACHABLE', 'Nobody there', 'Start it.', 'transient');
      },
    };
    expect(await (await ask('qwen3:8b@forge'))()).toMatchObject({
      state: 'FAILED',
      estimated: false,
      tokensIn: 0,
    });
    standIn = null;
    expect(await calls()).toBe(before);
  });

  it('shows no key of this machine, however it is asked for one', async () => {
    script = `cat > /dev/null; echo '{"type":"item.completed","item":{"type":"agent_message","text":"It is ${secret}."}}';
      echo '{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}'`;
    expect((await (await ask('codex'))()).answer).toBe('It is ⟦secret masked⟧.');
    script = `cat > /dev/null; echo "401 ${secret}" >&2; exit 1`;
    expect(JSON.stringify(await (await ask('codex'))())).not.toContain(secret);
  });

  it('is not asked while the factory is stopped, and what is asked then ends', async () => {
    script = 'cat > /dev/null; sleep 30';
    const open = await ask('codex');
    for (let running = false; !running; ) {
      const { rows } = await db.pool.query(`SELECT 1 FROM agent_trial WHERE state = 'RUNNING'`);
      running = rows.length > 0;
    }
    await stopFactory(db, ceo, 'stop');
    await expect(ask('qwen3:8b')).rejects.toMatchObject({ code: 'FACTORY_STOPPED' });
    expect(await open()).toMatchObject({ state: 'FAILED', error: { code: 'FACTORY_STOPPED' } });
    await resumeFactory(db, { publish: async () => {} } as never, ceo);
  });
});
