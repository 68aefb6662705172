import { beforeAll, expect, it } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import { fleetSchema } from '#server/domain/views/fleet.ts';
import { waitReasons } from '#server/engine/data/waits.ts';
import { steerHost } from '#server/engine/host-state.ts';
import { declareHosts, writeProbe } from '#server/engine/hosts.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { askModel } from './commands.ts';
import { type KnownElsewhere, readFleet } from './page.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
/** The workers of these tests are heard of once, and stay so however slow the machine is. */
const heard = { ...timing(1), workerSeen: 600_000, lease: 600_000, heartbeat: 300_000 };
const pinned = route({
  choices: [{ host: 'ANVIL', model: 'qwen2.5-coder:32b', tier: 2, provider: 'ollama' }],
});
const queue = async (n: number) =>
  (
    await f.create(
      Array.from({ length: n }, (_, i) =>
        work(`Task ${i}`, {
          route: pinned,
          plan: { stages: plan(['BUILD']).stages.map((s) => ({ ...s, route: pinned })) },
        }),
      ),
    )
  ).taskIds;
const breakers: KnownElsewhere['breakers'] = [
  {
    host: 'ANVIL',
    model: 'extra:8b',
    state: 'OPEN',
    failures: 5,
    openedAt: new Date(),
    probeAt: new Date(),
    error: 'It answered 503',
    offline: false,
  },
];
const anvil = async () => {
  const hosts = await readFleet(db, heard, {
    needs: (host, model) => [`${model} of ${host}`],
    breakers,
  });
  const found = hosts.find((h) => h.name === 'ANVIL');
  if (!found) throw new Error('no ANVIL');
  return found;
};

beforeAll(async () => {
  f = await testFactory(db);
  const plan = { local: true, ollama: null, llamaServer: null, slots: 3, memoryGb: 96 };
  const model = { name: 'qwen2.5-coder:32b', gb: 26, context: 32_768, parallel: 2 };
  await declareHosts(
    db,
    [
      {
        ...plan,
        name: 'ANVIL',
        label: 'Anvil',
        standBy: 'FORGE',
        models: [model],
        lanes: { [model.name]: 2 },
      },
      { ...plan, name: 'FORGE', label: 'Forge', standBy: null, models: [], lanes: {} },
    ],
    60_000,
  );
  await writeProbe(db, 'ANVIL', {
    reachable: true,
    version: '0.24.0',
    ms: 4,
    problem: null,
    models: [
      { name: 'qwen2.5-coder:32b', bytes: 19e9 },
      { name: 'extra:8b', bytes: 5e9 },
    ],
    loaded: [{ model: 'qwen2.5-coder:32b', bytes: 20e9, until: new Date(Date.now() + 60_000) }],
    scripted: false,
  });
});

it('shows slots, models, lanes, what waits and why, and when it is likely to start', async () => {
  const before = await queue(1);
  const done = await f.take(before[0] as number);
  await db.pool.query(
    `UPDATE attempt SET state = 'SUCCEEDED', started_at = clock_timestamp() - interval '6 minutes', ended_at = clock_timestamp() WHERE id = $1`,
    [done.attemptId],
  );
  await db.pool.query(`UPDATE task SET status = 'DONE', finished_at = now() WHERE id = $1`, [done.taskId]);

  const ids = await queue(4);
  await f.take(ids[0] as number);
  await f.take(ids[1] as number);
  const host = await anvil();
  expect(host).toMatchObject({ state: 'live', order: 'LIVE', label: 'Anvil', standBy: 'FORGE', queued: 2 });
  expect(new Set(host.running.map((r) => r.taskId))).toEqual(new Set(ids.slice(0, 2)));
  expect(host.models.map((m) => [m.name, m.installed, m.loaded !== null])).toEqual([
    ['qwen2.5-coder:32b', true, true],
    ['extra:8b', true, false],
  ]);
  expect(host.models[0]).toMatchObject({
    lane: 2,
    running: 2,
    bytes: 19e9,
    neededBy: ['qwen2.5-coder:32b of ANVIL'],
  });
  expect(host.models.map((m) => m.breaker?.error)).toEqual([undefined, 'It answered 503']);
  const [first, second] = host.waiting;
  // The lane is full although a slot is free; the history says six minutes.
  expect(first).toMatchObject({ taskId: ids[2], why: 'Waits for qwen2.5-coder:32b, busy with 2 on ANVIL' });
  expect(first?.etaMs).toBeGreaterThan(5 * 60_000);
  expect(first?.etaMs).toBeLessThanOrEqual(6 * 60_000);
  const third = { id: ids[2] as number, status: 'QUEUED' as const, host: 'ANVIL', project_id: 'p1' };
  // The board says it in one line.
  expect((await waitReasons(db.pool, [third])).get(third.id)).toBe(
    'Waits for qwen2.5-coder:32b, busy with 2 on ANVIL · ~6 min',
  );
  expect(second?.etaMs).toBeGreaterThanOrEqual(first?.etaMs as number);
});

it('says who paused a host and why, and promises no start there', async () => {
  const order = { host: 'ANVIL', act: 'pause' as const, drainMs: 1 };
  await steerHost(db, f.publisher, order, ceo, 'the fan is loud');
  const host = await anvil();
  expect(host).toMatchObject({
    state: 'paused',
    order: 'PAUSED',
    orderBy: ceo.name,
    orderReason: 'the fan is loud',
  });
  expect(host.waiting.map((w) => [w.why, w.etaMs])).toEqual([
    ['Waits for ANVIL, which is paused', null],
    ['Waits for ANVIL, which is paused', null],
  ]);
});

it('keeps the last job of each model, and is what the API promises', async () => {
  const ask = { host: 'FORGE', act: 'pull' as const, model: 'qwen3:8b', neededBy: [], force: false };
  await askModel(db, ask, ceo);
  const hosts = await readFleet(db, heard, { needs: () => [], breakers: [] });
  expect(hosts.find((h) => h.name === 'FORGE')?.jobs).toMatchObject([{ model: 'qwen3:8b', state: 'QUEUED' }]);
  expect(() =>
    fleetSchema.parse({
      now: new Date(),
      stopped: null,
      version: '1',
      troubles: [],
      hosts,
      services: [],
      problems: [],
      watched: [],
      runs: [],
    }),
  ).not.toThrow();
});
