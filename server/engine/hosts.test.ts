import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostAct, HostState } from '#server/domain/host.ts';
import { tuning } from '#server/domain/schedule.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { endAttempt } from './failure.ts';
import { steerHost } from './host-state.ts';
import { type DeclaredHost, declareHosts, registerWorker, workerSeen } from './hosts.ts';
import { invariants } from './invariants.ts';
import { pickFor } from './pick.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeEach(async () => {
  await db.pool.query(
    `UPDATE host SET state = 'LIVE', state_by = NULL, declared = true, drain_until = NULL, restart_at = NULL`,
  );
  f = await testFactory(db, { slots: 20 });
});

const steer = (host: string, act: HostAct, o: { seen?: HostState; drainMs?: number } = {}) =>
  steerHost(db, f.publisher, { host, act, seen: o.seen, drainMs: o.drainMs ?? 60_000 }, ceo, 'a drill');
/** Work that only FORGE can do. */
const pinned = route({
  choices: [{ host: 'FORGE', model: 'qwen3:8b', tier: 2, provider: 'ollama' }],
});
const one = async (title: string, r = pinned) => {
  const stages = plan(['BUILD']).stages.map((s) => ({ ...s, route: r }));
  return (await f.create([work(title, { route: r, plan: { stages } })])).taskIds[0] as number;
};
const claim = async (id: number) => {
  const t = await f.task(id);
  return await f.claim({
    taskId: id,
    dispatch: t.dispatch,
    host: t.host,
    workerId: f.workers[t.host] as string,
  });
};
const orders = (host: string) => workerSeen(db, f.workers[host] as string, host);

describe('a host', () => {
  it.each(['pause', 'drain', 'stop'] as const)(
    'that is told to %s starts nothing new, and goes on when it is resumed',
    async (act) => {
      const id = await one(`After ${act}`);
      expect(await steer('FORGE', act)).toBe(true);
      expect(await claim(id)).toEqual({ result: 'draining' });
      const before = (await f.task(id)).dispatch;
      expect(await steer('FORGE', 'resume')).toBe(true);
      const after = await f.task(id);
      // The message that was refused is sent again at once.
      expect(after.dispatch).toBe(before + 1);
      expect(f.published.some((d) => d.taskId === id && d.dispatch === after.dispatch)).toBe(true);
      expect((await claim(id)).result).toBe('ok');
      expect(await invariants(db.pool, false)).toEqual([]);
    },
  );

  it('hands back what runs at once when stopped, after its time when draining, and never when paused', async () => {
    await steer('FORGE', 'pause');
    expect(await orders('FORGE')).toEqual({ handBack: false, restart: false });
    await steer('FORGE', 'drain', { drainMs: 60_000 });
    expect(await orders('FORGE')).toEqual({ handBack: false, restart: false });
    await db.pool.query(`UPDATE host SET drain_until = clock_timestamp() - interval '1 ms'`);
    expect(await orders('FORGE')).toEqual({ handBack: true, restart: false });
    await steer('FORGE', 'stop');
    expect(await orders('FORGE')).toEqual({ handBack: true, restart: false });
    expect(await orders('ANVIL')).toEqual({ handBack: false, restart: false });
  });

  it('loses nothing and burns nothing of what it hands back: the other host goes on', async () => {
    const id = await one('Two places', route());
    const t = await f.task(id);
    const a = await f.take(id);
    await steer(t.host, 'stop');
    await endAttempt(db, f.publisher, a, { kind: 'yielded', reason: 'drained', question: '' });
    const after = await f.task(id);
    expect(after).toMatchObject({ status: 'QUEUED', failed_attempts: 0, infra_losses: 0 });
    expect(after.host).not.toBe(t.host);
    expect((await claim(id)).result).toBe('ok');
  });

  it('that is paused gives what waits there to the other one', async () => {
    const id = await one('Moves', route());
    const { host } = await f.task(id);
    await steer(host, 'pause');
    const other = host === 'ANVIL' ? 'FORGE' : 'ANVIL';
    await db.pool.query(
      `UPDATE task SET status = 'CANCELLED', finished_at = now() WHERE status = 'QUEUED' AND id <> $1`,
      [id],
    );
    expect((await pickFor(db, other, { seenMs: 60_000, tuning }))?.taskId).toBe(id);
    expect((await f.task(id)).host).toBe(other);
  });

  it('tells its worker to restart once, and not the one that comes after', async () => {
    await steer('FORGE', 'restart');
    expect(await orders('FORGE')).toEqual({ handBack: false, restart: true });
    f.workers.FORGE = randomUUID();
    await registerWorker(db, f.publisher, {
      id: f.workers.FORGE,
      pid: 2,
      version: '9.9.9',
      bootId: 'boot-2',
      host: { name: 'FORGE', slots: 20, memoryGb: null, models: [], scripted: true, sandbox: 'none' },
    });
    expect(await orders('FORGE')).toEqual({ handBack: false, restart: false });
    const { rows } = await db.pool.query(
      `SELECT version, boot_id FROM worker WHERE host = 'FORGE' AND state = 'ACTIVE'`,
    );
    expect(rows).toEqual([{ version: '9.9.9', boot_id: 'boot-2' }]);
  });

  it('answers nothing to a worker that was replaced', async () => {
    expect(await workerSeen(db, randomUUID(), 'FORGE')).toBeNull();
  });

  it('is steered once by 20 people at once, with one event; an act from an old state is refused', async () => {
    const count = async () =>
      (
        await db.pool.query<{ n: number }>(
          `SELECT count(*)::int n FROM event WHERE entity = 'host' AND entity_id = 'FORGE' AND type = 'host.paused'`,
        )
      ).rows[0]?.n as number;
    const before = await count();
    const done = await Promise.all(Array.from({ length: 20 }, () => steer('FORGE', 'pause')));
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await count()).toBe(before + 1);
    await expect(steer('FORGE', 'drain', { seen: 'LIVE' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(steer('NOWHERE', 'pause')).rejects.toMatchObject({
      code: 'HOST_UNKNOWN',
      hint: expect.stringContaining('FORGE'),
    });
    const { rows } = await db.pool.query(
      `SELECT from_state, to_state, actor, reason FROM event WHERE entity = 'host' ORDER BY seq DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ from_state: 'LIVE', to_state: 'PAUSED', actor: ceo.name, reason: 'a drill' }]);
  });
});

describe('fleet.yaml', () => {
  const host = (name: string, over: Partial<DeclaredHost> = {}): DeclaredHost => ({
    name,
    label: name,
    slots: 3,
    memoryGb: 96,
    local: true,
    ollama: null,
    llamaServer: null,
    standBy: null,
    models: [{ name: 'qwen3:8b', gb: 9, context: null, parallel: 2 }],
    lanes: { 'qwen3:8b': 2 },
    ...over,
  });
  const state = async (name: string) =>
    (
      await db.pool.query<{ state: string; declared: boolean; slots: number }>(
        'SELECT state, declared, slots FROM host WHERE name = $1',
        [name],
      )
    ).rows[0];

  it('is written where it says something new, and a state that a human chose stays', async () => {
    await declareHosts(db, [host('ANVIL'), host('FORGE')], 60_000);
    expect(await declareHosts(db, [host('ANVIL'), host('FORGE')], 60_000)).toEqual([]);
    await steer('ANVIL', 'pause');
    expect(await declareHosts(db, [host('ANVIL', { slots: 5 }), host('FORGE')], 60_000)).toEqual(['ANVIL']);
    expect(await state('ANVIL')).toEqual({ state: 'PAUSED', declared: true, slots: 5 });
  });

  it('without a host drains it and does not let it resume; with it again, it goes on', async () => {
    await declareHosts(db, [host('ANVIL'), host('FORGE')], 60_000);
    expect(await declareHosts(db, [host('ANVIL')], 60_000)).toEqual(['FORGE']);
    expect(await state('FORGE')).toMatchObject({ state: 'DRAINING', declared: false });
    await expect(steer('FORGE', 'resume')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await declareHosts(db, [host('ANVIL'), host('FORGE')], 60_000);
    expect(await state('FORGE')).toMatchObject({ state: 'LIVE', declared: true });
  });
});
