import { beforeEach, expect, test } from 'vitest';
import { DISK_LOW, DISK_NEEDED } from '#server/domain/disk.ts';
import { timing } from '#server/domain/timing.ts';
import { waitReasons } from '#server/engine/data/waits.ts';
import { declareHosts, hostDisk, processRestarted } from '#server/engine/hosts.ts';
import { pickFor } from '#server/engine/pick.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import { readTroubles, readWatched, watchTroubles } from './troubles.ts';

const { db } = await testDatabase();
const t = timing();
const factory = await testFactory(db);
const declared = {
  slots: 2,
  memoryGb: null,
  local: true,
  ollama: null,
  llamaServer: null,
  models: [],
  lanes: {},
};
await declareHosts(
  db,
  [
    { ...declared, name: 'ANVIL', label: 'ANVIL', standBy: null },
    { ...declared, name: 'FORGE', label: 'FORGE', standBy: 'ANVIL' },
  ],
  1_000,
);
beforeEach(() => db.pool.query('UPDATE host SET last_seen = clock_timestamp()'));
const told = async () =>
  (
    await db.pool.query<{ type: string; reason: string; data: Record<string, unknown> }>(
      `SELECT type, reason, data FROM event WHERE entity = 'trouble' ORDER BY seq`,
    )
  ).rows;
const seen = (host: string, ago: string) =>
  db.pool.query('UPDATE host SET last_seen = clock_timestamp() - $2::interval WHERE name = $1', [host, ago]);
/** As if all that is known had begun so much earlier. */
const later = (by: string) => db.pool.query('UPDATE trouble SET since = since - $1::interval', [by]);

test('a host that is gone for a moment is no news; one that stays away is told once, and so is its return', async () => {
  await seen('FORGE', '1 minute');
  await watchTroubles(db, t);
  expect(await readTroubles(db.pool)).toEqual([]);
  // Who looks is told from the first second, and when everybody would be.
  const [watched] = await readWatched(db.pool);
  expect(watched).toMatchObject({ key: 'host:FORGE', title: 'FORGE is not heard of' });
  expect((watched?.tellAt.getTime() ?? 0) - (watched?.since.getTime() ?? 0)).toBe(t.queueWait);
  await seen('FORGE', '0 s');
  await watchTroubles(db, t);
  expect(await told()).toEqual([]);

  await seen('FORGE', '1 minute');
  await watchTroubles(db, t);
  await later('3 minutes');
  for (let n = 0; n < 3; n++) await watchTroubles(db, t);
  expect(await told()).toMatchObject([{ type: 'trouble.began', reason: 'FORGE is not heard of' }]);
  expect(await readTroubles(db.pool)).toMatchObject([{ key: 'host:FORGE', severity: 'normal' }]);
  expect(await readWatched(db.pool)).toEqual([]);

  await seen('FORGE', '0 s');
  await watchTroubles(db, t);
  expect((await told()).at(-1)).toMatchObject({ type: 'trouble.ended', reason: 'FORGE is not heard of' });
  expect(await readTroubles(db.pool)).toEqual([]);
});

test('a disk without room is told at once, with what to do, and nothing new starts on it', async () => {
  await db.pool.query('UPDATE host SET last_seen = clock_timestamp()');
  await hostDisk(db, 'FORGE', { free: 1.2e9, total: 500e9 });
  await watchTroubles(db, t);
  expect((await told()).at(-1)).toMatchObject({
    type: 'trouble.began',
    reason: 'FORGE has 1.2 GB of disk left',
    data: { severity: 'urgent', hint: expect.stringContaining('Make room') },
  });
  await factory.create([work('Waits for room')]);
  await hostDisk(db, 'ANVIL', { free: 1e9, total: 500e9 });
  const pick = () =>
    pickFor(db, 'FORGE', { seenMs: t.workerSeen, tuning: { ageMs: 1_000, loadMsPerGb: 0, patience: 1 } });
  expect(await pick()).toBeNull();
  const { rows } = await db.pool.query('SELECT id, status, host, project_id FROM task');
  expect([...(await waitReasons(db.pool, rows)).values()].join(' ')).toContain(
    'Waits for room on the disk on',
  );
  await hostDisk(db, 'FORGE', { free: 300e9, total: 500e9 });
  expect(await pick()).not.toBeNull();
});

const since = async (seq: string) =>
  (
    await db.pool.query<{ said: string }>(
      `SELECT replace(type, 'trouble.', '') || ' ' || coalesce(data->>'severity', '') said FROM event
       WHERE entity = 'trouble' AND seq > $1 ORDER BY seq`,
      [seq],
    )
  ).rows.map((r) => r.said);
const last = async () =>
  (await db.pool.query<{ seq: string }>('SELECT coalesce(max(seq), 0)::text seq FROM event')).rows[0]?.seq ??
  '';

test('a disk that goes up and down around a limit is told once, and again only when it gets urgent', async () => {
  await db.pool.query('UPDATE host SET last_seen = clock_timestamp(), disk_free = 500e9');
  await watchTroubles(db, t);
  const from = await last();
  const at = async (free: number) => {
    await hostDisk(db, 'FORGE', { free, total: 500e9 });
    await watchTroubles(db, t);
  };
  for (const free of [-1, 1, -1, 1, -1]) await at(DISK_LOW + free);
  expect(await since(from)).toEqual(['began normal']);
  for (const free of [-1, 1, -1, 1, -1]) await at(DISK_NEEDED + free);
  expect(await since(from)).toEqual(['began normal', 'began urgent']);
  // Nobody looked: what it had is not over because the machine is silent.
  await seen('FORGE', '1 minute');
  await watchTroubles(db, t);
  expect((await readTroubles(db.pool)).map((x) => x.key)).toEqual(['disk:FORGE']);
  await seen('FORGE', '0 s');
  await at(400e9);
  expect(await since(from)).toEqual(['began normal', 'began urgent', 'ended normal']);
});

const broken = (host: string, model: string) =>
  db.pool.query(
    `INSERT INTO breaker(host, model, state, failures, opens, opened_at, probe_at, code)
     VALUES ($1, $2, 'OPEN', 1, 1, clock_timestamp(), clock_timestamp() + interval '1 hour', 'PROVIDER_KEY')`,
    [host, model],
  );

test('nothing is said of models and services that nobody has any more', async () => {
  await db.pool.query(
    `UPDATE host SET last_seen = clock_timestamp(), installed = '[{"name": "qwen3:8b", "bytes": 1}]' WHERE name = 'FORGE'`,
  );
  for (const [host, model] of [
    ['*', 'openai'],
    ['*', 'gone'],
    ['FORGE', 'qwen3:8b'],
    ['FORGE', 'codex'],
    ['FORGE', 'removed:1b'],
    ['NOWHERE', 'qwen3:8b'],
  ] as const)
    await broken(host, model);
  await watchTroubles(db, t, ['openai']);
  expect((await readTroubles(db.pool)).map((x) => x.key).sort()).toEqual([
    'model:*:openai',
    'model:FORGE:codex',
    'model:FORGE:qwen3:8b',
  ]);
});

test('two that look at once tell it once', async () => {
  await db.pool.query('DELETE FROM breaker');
  await watchTroubles(db, t);
  const from = await last();
  const services = ['anthropic', 'kimi', 'openai'];
  const all = () => Promise.all([1, 2, 3, 4].map(() => watchTroubles(db, t, services)));
  for (const service of services) await broken('*', service);
  await all();
  expect(await since(from)).toEqual(services.map(() => 'began normal'));
  await db.pool.query('DELETE FROM breaker');
  await all();
  expect((await since(from)).slice(3)).toEqual(services.map(() => 'ended normal'));
});

test('what cannot wait is told by the look that finds it, in whatever part of a millisecond that is', async () => {
  await db.pool.query('UPDATE host SET last_seen = clock_timestamp(), disk_free = 500e9');
  for (let n = 0; n < 60; n++) {
    await db.pool.query('DELETE FROM trouble');
    await db.pool.query('DELETE FROM breaker');
    await broken('*', 'openai');
    await watchTroubles(db, t, ['openai']);
    expect(await readTroubles(db.pool)).toHaveLength(1);
  }
});

test('what lasts is written once, and again only when there is something new to say', async () => {
  await db.pool.query('DELETE FROM trouble');
  await db.pool.query('DELETE FROM breaker');
  await db.pool.query('UPDATE host SET last_seen = clock_timestamp(), disk_free = 500e9');
  await hostDisk(db, 'FORGE', { free: 1.2e9, total: 500e9 });
  await broken('*', 'openai');
  const versions = async () =>
    (await db.pool.query<{ v: string }>('SELECT key || xmin::text v FROM trouble ORDER BY key')).rows.map(
      (r) => r.v,
    );
  await watchTroubles(db, t, ['openai']);
  const [disk, model] = await versions();
  for (let n = 0; n < 3; n++) await watchTroubles(db, t, ['openai']);
  expect(await versions()).toEqual([disk, model]);
  await hostDisk(db, 'FORGE', { free: 1.1e9, total: 500e9 });
  await watchTroubles(db, t, ['openai']);
  const after = await versions();
  expect(after[0]).not.toBe(disk);
  expect(after[1]).toBe(model);
});

test('a model that only one task is not answered by is that task’s trouble', async () => {
  await db.pool.query('DELETE FROM trouble');
  await db.pool.query('DELETE FROM breaker');
  await db.pool.query(`UPDATE host SET disk_free = 500e9, installed = '[{"name": "qwen3:8b", "bytes": 1}]'`);
  await broken('FORGE', 'qwen3:8b');
  await db.pool.query('UPDATE breaker SET suspect = 4001');
  await watchTroubles(db, t);
  expect(await readWatched(db.pool)).toEqual([]);
});

test('a service that may be asked again, and that no work asks, is no trouble', async () => {
  await db.pool.query('DELETE FROM trouble');
  await db.pool.query('DELETE FROM breaker');
  await db.pool.query('UPDATE host SET disk_free = 500e9');
  await broken('*', 'openai');
  const half = (ago: string) =>
    db.pool.query(
      `UPDATE breaker SET state = 'HALF_OPEN', code = 'MODEL_TIMEOUT', probe_at = clock_timestamp() - $1::interval`,
      [ago],
    );
  const watched = async () => {
    await watchTroubles(db, t, ['openai']);
    return (await readWatched(db.pool)).map((x) => x.title);
  };
  // It listed its models a moment ago: whether it answers is not known before work asked it.
  await half('0 s');
  expect(await watched()).toEqual(['openai does not answer']);
  await half('10 minutes');
  expect(await watched()).toEqual([]);
  // An account is known to be empty until a call says otherwise, however long nobody makes one.
  await db.pool.query(`UPDATE breaker SET state = 'OPEN', code = 'PROVIDER_QUOTA'`);
  await watchTroubles(db, t, ['openai']);
  expect(await readTroubles(db.pool)).toMatchObject([{ title: 'The account of openai is empty' }]);
});

test('a process that ends again and again is told once', async () => {
  await db.pool.query('DELETE FROM trouble');
  await db.pool.query('DELETE FROM breaker');
  const from = await last();
  for (let n = 0; n < 6; n++) {
    await processRestarted(db, { name: 'host-FORGE', reason: `exit code ${n}`, pauseMs: 500 });
    await watchTroubles(db, t);
  }
  expect(await since(from)).toEqual(['began normal']);
  expect(await readTroubles(db.pool)).toMatchObject([
    { key: 'process:host-FORGE', why: 'Last: exit code 5.' },
  ]);
  // The log is never written anew, so time passes by looking back less far.
  await watchTroubles(db, { ...t, critical: 0 });
  expect(await since(from)).toEqual(['began normal', 'ended normal']);
});
