import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { ENGINE } from './event.ts';
import { resumeFactory, stopFactory } from './factory.ts';
import { endAttempt } from './failure.ts';
import { feedEnd, readFeed } from './feed.ts';
import { registerWorker } from './hosts.ts';
import { invariants } from './invariants.ts';
import { heartbeat } from './lease.ts';
import { relaneTasks } from './outbox.ts';
import { sweep } from './sweep.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db, { slots: 50 });
});
const empty = { commit: null, output: { text: '', report: null, findings: [], tree: null } };
const one = async (title: string) => (await f.create([work(title)])).taskIds[0] as number;
const expire = (attemptId: number) =>
  db.pool.query(`UPDATE attempt SET lease_until = clock_timestamp() - interval '1 ms' WHERE id = $1`, [
    attemptId,
  ]);

describe('a lease', () => {
  it('that ran out fences the worker off: its later writes change nothing, and the task goes on elsewhere', async () => {
    const id = await one('Slow');
    const first = await f.take(id);
    await expire(first.attemptId);
    await sweep(db, f.publisher, f.timing);
    expect((await f.task(id)).status).toBe('QUEUED');
    const second = await f.take(id);
    expect(await heartbeat(db, [{ ...first, progressAt: new Date() }], f.timing.lease)).toEqual([
      first.attemptId,
    ]);
    expect(await f.checkpoint({ ...first, ...empty })).toBe('stale');
    expect(
      await f.advance({
        ...first,
        verdict: 'pass',
        commit: null,
        report: null,
        findings: [],
        integration: null,
      }),
    ).toBe('stale');
    expect(await f.checkpoint({ ...second, ...empty })).toBe('ok');
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('is given back at once when the host is started again', async () => {
    const id = await one('Restarted');
    const a = await f.take(id);
    f.workers[a.host] = randomUUID();
    await registerWorker(db, f.publisher, {
      id: f.workers[a.host] as string,
      pid: 2,
      host: { name: a.host, slots: 50, memoryGb: null, models: [], scripted: true, sandbox: 'none' },
    });
    expect((await f.task(id)).status).toBe('QUEUED');
    const lost = await db.pool.query('SELECT state FROM attempt WHERE id = $1', [a.attemptId]);
    expect(lost.rows).toEqual([{ state: 'LOST' }]);
  });

  it('a checkpoint asked again after a lost answer says ok and is counted once', async () => {
    const a = await f.take(await one('Twice'));
    expect(await f.checkpoint({ ...a, ...empty })).toBe('ok');
    expect(await f.checkpoint({ ...a, ...empty })).toBe('ok');
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('burns no attempt when the machine lost it, and three failures of the agent ask the human', async () => {
    const id = await one('Hard');
    for (const n of [1, 2, 3]) {
      const a = await f.take(id);
      await endAttempt(db, f.publisher, a, { kind: 'infra', code: 'GIT_FAILED', message: 'unreachable' });
      expect((await f.task(id)) as object).toMatchObject({
        status: 'QUEUED',
        infra_losses: n,
        failed_attempts: 0,
        tier: 2,
      });
    }
    const tiers: number[] = [];
    for (const _ of [1, 2, 3]) {
      const a = await f.take(id);
      await endAttempt(db, f.publisher, a, {
        kind: 'failed',
        cause: 'gate',
        code: 'LIMIT_REACHED',
        message: 'npm test: 1 of 38 fails',
      });
      tiers.push(((await f.task(id)) as unknown as { tier: number }).tier);
    }
    expect(tiers).toEqual([3, 3, 3]);
    expect((await f.task(id)).status).toBe('NEEDS_HUMAN');
  });
});

describe('a claim', () => {
  it('of two for one message, one wins', async () => {
    const id = await one('Raced');
    const t = await f.task(id);
    const claim = () =>
      f.claim({ taskId: id, dispatch: t.dispatch, host: t.host, workerId: f.workers[t.host] as string });
    const both = await Promise.all([claim(), claim()]);
    expect(both.map((c) => c.result).toSorted()).toEqual(['ok', 'stale']);
  });

  it('by another host than the one whose lane it waits in is stale, whatever a forged message says', async () => {
    const id = await one('Forged');
    const t = await f.task(id);
    const other = t.host === 'ANVIL' ? 'FORGE' : 'ANVIL';
    const forged = { taskId: id, dispatch: t.dispatch, host: other, workerId: f.workers[other] as string };
    expect((await f.claim(forged)).result).toBe('stale');
    await f.take(id);
  });

  it('is refused while the factory is stopped; resuming delivers again', async () => {
    const id = await one('Stopped');
    const t = await f.task(id);
    await stopFactory(db, ceo, 'a test');
    const refused = await f.claim({
      taskId: id,
      dispatch: t.dispatch,
      host: t.host,
      workerId: f.workers[t.host] as string,
    });
    expect(refused.result).toBe('stopped');
    // A queue that is away keeps nobody from going on: workers look by themselves.
    const away = { publish: () => Promise.reject(new Error('Redis is away')) };
    expect(await resumeFactory(db, away, ceo)).toBe(true);
    expect((await f.task(id)).dispatch).toBe(t.dispatch + 1);
    await f.take(id);
  });

  it('never takes more slots than the host has', async () => {
    await db.pool.query(
      `UPDATE host SET slots = (SELECT count(*) FROM attempt WHERE host = 'ANVIL' AND state IN ('LEASED', 'RUNNING')) + 1 WHERE name = 'ANVIL'`,
    );
    const ids = (await f.create([work('One'), work('Two')])).taskIds;
    await db.pool.query(`UPDATE task SET host = 'ANVIL' WHERE id = ANY($1)`, [ids]);
    const results = await Promise.all(
      ids.map(
        async (id) =>
          (
            await f.claim({
              taskId: id,
              dispatch: (await f.task(id)).dispatch,
              host: 'ANVIL',
              workerId: f.workers.ANVIL as string,
            })
          ).result,
      ),
    );
    expect(results.toSorted()).toEqual(['no_slot', 'ok']);
    await db.pool.query('UPDATE host SET slots = 50');
  });
});

describe('the sweep', () => {
  it('publishes what a dead process left in the outbox', async () => {
    const id = await one('Left in the outbox');
    await db.pool.query(
      `UPDATE outbox SET sent_at = NULL, created_at = now() - interval '1 hour' WHERE task_id = $1`,
      [id],
    );
    f.published.length = 0;
    await sweep(db, f.publisher, f.timing);
    expect(f.published.map((d) => d.taskId)).toContain(id);
  });
});

describe('the feed', () => {
  it('loses nothing when an earlier transaction commits after a later one', async () => {
    // Transactions of other databases hold the horizon back, too: what is in the log is read to its end first.
    const written = async () =>
      (
        await db.pool.query<{ id: string }>(
          `SELECT xid::text || '-' || seq id FROM event ORDER BY xid DESC, seq DESC LIMIT 1`,
        )
      ).rows[0]?.id;
    await expect.poll(async () => (await feedEnd(db.pool)) === (await written())).toBe(true);
    const start = await feedEnd(db.pool);
    const late = await db.pool.connect();
    await late.query('BEGIN');
    await late.query(
      `INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor) VALUES ('test.late', 'test', '1', 1, 'engine', 'test')`,
    );
    await db.pool.query(
      `INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor) VALUES ('test.early', 'test', '2', 1, 'engine', 'test')`,
    );
    expect((await readFeed(db.pool, start)).map((e) => e.type)).toEqual([]);
    await late.query('COMMIT');
    late.release();
    await expect.poll(async () => (await readFeed(db.pool, start)).length).toBe(2);
    const events = await readFeed(db.pool, start);
    expect(events.map((e) => e.type)).toEqual(['test.late', 'test.early']);
    expect(await readFeed(db.pool, events[0]?.id ?? null)).toHaveLength(1);
  });
});

describe('a re-lane', () => {
  it('leaves a task alone that was claimed since somebody looked', async () => {
    const id = await one('Claimed meanwhile');
    const a = await f.take(id);
    const before = (await f.task(id)).dispatch;
    expect(await relaneTasks(db.pool, [id], ENGINE, 'too late')).toEqual([]);
    expect((await f.task(id)).dispatch).toBe(before);
    expect(await f.checkpoint({ ...a, ...empty })).toBe('ok');
  });

  it('and a claim that race for one task: one of them wins, and nothing is done twice', async () => {
    for (let round = 0; round < 20; round++) {
      const id = await one(`Race ${round}`);
      const t = await f.task(id);
      const [, claimed] = await Promise.all([
        relaneTasks(db.pool, [id], ENGINE, 'racing'),
        f.claim({ taskId: id, dispatch: t.dispatch, host: t.host, workerId: f.workers[t.host] as string }),
      ]);
      const status = (await f.task(id)).status;
      expect(status).toBe(claimed.result === 'ok' ? 'RUNNING' : 'QUEUED');
    }
  });
});
