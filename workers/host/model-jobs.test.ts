import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import { writeProbe } from '#server/engine/hosts.ts';
import { askModel, cancelModelJob, noteModelJob, takeModelJob } from '#server/fleet/commands.ts';
import type { Provider } from '#server/models/provider.ts';
import { providerAt } from '#server/models/registry.ts';
import type { Logger } from '#server/platform/logger.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { createRehearsal } from '../rehearsal/server.ts';
import { type ModelJobs, tendModels } from './model-jobs.ts';
import { probeServer, watchServer } from './probing.ts';

const { db } = await testDatabase();
const scenarios = path.resolve('workers/rehearsal/scenarios');
const rehearsal = createRehearsal({ scenarios, paceMs: 0, models: ['qwen2.5-coder:32b'] });
const slow = createRehearsal({ scenarios, paceMs: 400, models: [] });
const listen = (server: typeof rehearsal) =>
  new Promise<string>((done) =>
    server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
const log = { info: () => {}, warn: () => {}, debug: () => {} } as unknown as Logger;
let f: Awaited<ReturnType<typeof testFactory>>;
let quick: Provider;
let patient: Provider;
const running: ModelJobs[] = [];

beforeAll(async () => {
  f = await testFactory(db);
  quick = providerAt('ollama', await listen(rehearsal));
  patient = providerAt('ollama', await listen(slow));
  await db.pool.query(
    `UPDATE host SET memory_gb = 96, planned = '[{"name": "kimi-k2.5:tq1", "gb": 240}]' WHERE name = 'ANVIL'`,
  );
});
beforeEach(async () => {
  await Promise.all(running.splice(0).map((j) => j.stop()));
  await db.pool.query('DELETE FROM model_job');
  await db.pool.query(`UPDATE host SET models = '["qwen2.5-coder:32b"]'`);
});
afterAll(async () => {
  await Promise.all(running.splice(0).map((j) => j.stop()));
  for (const s of [rehearsal, slow]) {
    s.closeAllConnections();
    s.close();
  }
});

const wish = (act: 'pull' | 'remove', model: string, over: { force?: boolean; neededBy?: string[] } = {}) =>
  askModel(db, { host: 'ANVIL', act, model, neededBy: over.neededBy ?? [], force: over.force ?? false }, ceo);
async function start(
  server: Pick<Provider, 'probe' | 'admin'>,
  o: { id?: string; room?: () => Promise<number | null> } = {},
) {
  const jobs = await tendModels({
    db,
    worker: { id: o.id ?? randomUUID(), host: 'ANVIL' },
    room: o.room ?? (async () => null),
    server: () => server,
    log,
    lookMs: 10,
    changed: async () => writeProbe(db, 'ANVIL', await probeServer(server, 2_000)),
  });
  running.push(jobs);
  return jobs;
}
const job = async (id: number) =>
  (
    await db.pool.query<{
      state: string;
      error: string | null;
      completed: number;
      total: number;
      cancelled_by: string | null;
    }>('SELECT * FROM model_job WHERE id = $1', [id])
  ).rows[0] as { state: string; error: string | null; completed: number; total: number };
const becomes = (id: number, state: string) =>
  vi.waitFor(async () => expect((await job(id)).state).toBe(state), { timeout: 15_000, interval: 20 });
const models = async () =>
  (await db.pool.query<{ models: string[] }>(`SELECT models FROM host WHERE name = 'ANVIL'`)).rows[0]?.models;

describe('a pull', () => {
  it('is carried out by the worker of the host, counted whole, and the host has the model', async () => {
    const id = await wish('pull', 'qwen3:8b');
    expect(await wish('pull', 'qwen3:8b')).toBe(id);
    await start(quick);
    await becomes(id, 'DONE');
    const { completed, total } = await job(id);
    expect(total).toBeGreaterThan(4e9);
    expect(completed).toBe(total);
    await vi.waitFor(async () => expect(await models()).toContain('qwen3:8b'));
  });

  it('that the server refuses inside a 200 has failed, with its words', async () => {
    await start(quick);
    const id = await wish('pull', 'missing:1b');
    await becomes(id, 'FAILED');
    expect((await job(id)).error).toMatch(/missing:1b.*file does not exist/s);
  });

  it('that cannot fit the memory is refused before, or as soon as its size is known', async () => {
    await expect(wish('pull', 'kimi-k2.5:tq1')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: 'kimi-k2.5:tq1 takes 240 GB, and ANVIL has 96 GB of memory.',
    });
    await start(patient);
    const id = await wish('pull', 'llama3.1:405b');
    await becomes(id, 'FAILED');
    expect((await job(id)).error).toMatch(/251 GB, and ANVIL has 96 GB of memory: it could never be loaded/);
  });

  it('that would fill the disk ends while there is room, also when somebody else fills it meanwhile', async () => {
    let free = 500e9;
    await start(patient, { room: async () => free });
    const id = await wish('pull', 'long:70b');
    await vi.waitFor(async () => expect((await job(id)).completed).toBeGreaterThan(0), { timeout: 15_000 });
    free = 3e9;
    await becomes(id, 'FAILED');
    expect((await job(id)).error).toMatch(
      /^long:70b needs \d+(\.\d)? GB more, and ANVIL has 3\.0 GB of disk left, of which 2\.0 GB are kept for its work\. Remove models/,
    );
    expect(await models()).not.toContain('long:70b');
  });

  it('goes on when nobody can say how much room there is', async () => {
    await start(quick, { room: () => Promise.reject(new Error('no such folder')) });
    await becomes(await wish('pull', 'unknown:8b'), 'DONE');
  });

  it('can be cancelled while it runs, and before it runs', async () => {
    const before = await wish('pull', 'early:8b');
    expect(await cancelModelJob(db, before, ceo)).toBe(true);
    expect((await job(before)).state).toBe('CANCELLED');
    await start(patient);
    const id = await wish('pull', 'long:70b');
    await vi.waitFor(async () => expect((await job(id)).completed).toBeGreaterThan(0), { timeout: 15_000 });
    expect(await cancelModelJob(db, id, ceo)).toBe(true);
    expect(await cancelModelJob(db, id, ceo)).toBe(false);
    await becomes(id, 'CANCELLED');
    expect(await models()).not.toContain('long:70b');
  });

  it('goes on with the next worker after one was killed, and the killed one writes no more', async () => {
    const dead = { id: randomUUID(), host: 'ANVIL' };
    const id = await wish('pull', 'gemma3:4b');
    expect((await takeModelJob(db, dead, 'pull'))?.id).toBe(id);
    await start(quick);
    await becomes(id, 'DONE');
    expect(
      await noteModelJob(db, dead, id, { status: 'late', completed: 0, total: 1, bytesPerSecond: 0 }),
    ).toBe(false);
    expect((await job(id)).state).toBe('DONE');
  });

  it('is given back by a worker that leaves', async () => {
    const first = await start(patient);
    const id = await wish('pull', 'leaves:32b');
    await becomes(id, 'RUNNING');
    await first.stop();
    expect((await job(id)).state).toBe('QUEUED');
    await start(quick);
    await becomes(id, 'DONE');
  });

  it('is taken once by 20 workers that ask at once', async () => {
    const id = await wish('pull', 'race:8b');
    const taken = await Promise.all(
      Array.from({ length: 20 }, () => takeModelJob(db, { id: randomUUID(), host: 'ANVIL' }, 'pull')),
    );
    expect(taken.filter((t) => t?.id === id)).toHaveLength(1);
  });
});

describe('a removal', () => {
  it('takes the model away; one that is not there is refused by name', async () => {
    await start(quick);
    const pulled = await wish('pull', 'phi4:14b');
    await becomes(pulled, 'DONE');
    await vi.waitFor(async () => expect(await models()).toContain('phi4:14b'));
    await becomes(await wish('remove', 'phi4:14b'), 'DONE');
    await vi.waitFor(async () => expect(await models()).not.toContain('phi4:14b'));
    await expect(wish('remove', 'phi4:14b')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('of what a tier needs has to be said twice; of what an attempt uses is refused, whoever says it', async () => {
    const neededBy = ['tier 2 (local medium)'];
    await expect(wish('remove', 'qwen2.5-coder:32b', { neededBy })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'qwen2.5-coder:32b on ANVIL is needed by tier 2 (local medium).',
    });
    const { taskIds } = await f.create([work('Uses it')]);
    const attempt = await f.take(taskIds[0] as number);
    expect(attempt.host).toBe('ANVIL');
    await expect(wish('remove', 'qwen2.5-coder:32b', { force: true })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`is at work on ANVIL: #${taskIds[0]}`),
    });
  });
});

describe('a look at the model server', () => {
  const host = async () =>
    (
      await db.pool.query<{
        probe: { reachable: boolean; version: string; ms: number; problem: { message: string } | null };
        loaded: { model: string; bytes: number }[];
        models: string[];
      }>(`SELECT * FROM host WHERE name = 'ANVIL'`)
    ).rows[0];

  it('that hangs ends in time, whatever the server does with its signal, and what was there is not forgotten', async () => {
    await writeProbe(db, 'ANVIL', await probeServer(quick, 2_000));
    expect((await host())?.probe).toMatchObject({ reachable: true, version: expect.any(String) });
    const deaf = { probe: () => new Promise<never>(() => {}) };
    const facts = await probeServer(deaf, 50);
    expect(facts).toMatchObject({ reachable: false, models: null, problem: { code: 'MODEL_TIMEOUT' } });
    await writeProbe(db, 'ANVIL', facts);
    expect((await host())?.models).toContain('qwen2.5-coder:32b');
    const { rows } = await db.pool.query(
      `SELECT type FROM event WHERE entity = 'host' AND entity_id = 'ANVIL' ORDER BY seq DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ type: 'host.unreachable' }]);
  });

  it('says what is loaded, and writes only what is new', async () => {
    await quick.chat({
      model: 'qwen2.5-coder:32b',
      messages: [{ role: 'user', content: 'Hello' }],
      tools: [],
      maxTokens: 50,
      idleMs: 5_000,
      totalMs: 5_000,
      signal: AbortSignal.timeout(5_000),
    });
    let writes = 0;
    const pool = {
      connect: async () => {
        writes++;
        return await db.pool.connect();
      },
    };
    const watch = watchServer({
      db: { ...db, pool } as never,
      host: 'ANVIL',
      server: () => quick,
      timing: { ...timing(1), heartbeat: 60_000 },
      log,
    });
    watch.stop();
    await watch.look();
    await watch.look();
    await watch.look();
    expect(writes).toBe(1);
    expect((await host())?.loaded).toEqual([
      { model: 'qwen2.5-coder:32b', bytes: 19_840_000_000, until: expect.any(String) },
    ]);
  });
});
