import { beforeEach, describe, expect, it } from 'vitest';
import { changeBreaker } from '#server/models/resilience/commands.ts';
import { testDatabase } from '#test/database.ts';
import { plan, route, testFactory, work } from '#test/factory.ts';
import { readTask } from './data/task.ts';
import { endAttempt } from './failure.ts';
import { detour, goRound, waitsForModel } from './unavailable.ts';

const { db } = await testDatabase();
const factory = await testFactory(db);
const GRACE = 10_000;
const times = { workerSeen: 600_000, queueWait: 60_000 };

const local = (host: string, tier: number, model: string) => ({ host, tier, model, provider: 'ollama' });
const cloud = (host: string) => ({
  host,
  tier: 4,
  model: 'claude-sonnet',
  provider: 'anthropic',
  account: 'anthropic',
});
const open = (host: string, model: string, offline = false) =>
  db.pool.query(
    `INSERT INTO breaker(host, model, state, probe_at, error, offline) VALUES ($1, $2, 'OPEN', now() + interval '1 hour', 'It hangs', $3)
     ON CONFLICT (host, model) DO UPDATE SET state = 'OPEN', probe_at = excluded.probe_at, offline = excluded.offline`,
    [host, model, offline],
  );
const queued = async (choices: ReturnType<typeof local>[], tier: number) => {
  const own = route({ tier, choices });
  const stages = plan(['BUILD']).stages.map((s) => ({ ...s, route: own }));
  const { taskIds } = await factory.create([work('A task', { route: own, plan: { stages } })]);
  const id = taskIds[0] as number;
  await db.pool.query('UPDATE task SET tier = $2 WHERE id = $1', [id, tier]);
  return id;
};
const task = async (id: number) =>
  (
    await db.pool.query('SELECT status, host, tier, dispatch, wait_for, wait_why FROM task WHERE id = $1', [
      id,
    ])
  ).rows[0];
beforeEach(() => db.pool.query('DELETE FROM breaker'));

describe('work whose model cannot be asked', () => {
  it('is not claimed, and says why it waits and until when', async () => {
    const id = await queued([local('ANVIL', 1, 'qwen3:8b')], 1);
    const { dispatch } = await task(id);
    const job = { taskId: id, dispatch, host: 'ANVIL' };
    expect(await waitsForModel(db.pool, job, GRACE)).toBeNull();
    await open('ANVIL', 'qwen3:8b');
    expect(await waitsForModel(db.pool, job, GRACE)).toBe('qwen3:8b cannot be asked: It hangs');
    expect(await task(id)).toMatchObject({ status: 'QUEUED', wait_for: 'model' });
    // As far off as the breaker says; what waits for nothing has no such time.
    const { nextTryAt } = await readTask(db, factory.timing, id);
    expect(nextTryAt?.getTime()).toBeGreaterThan(Date.now() + 30 * 60_000);
    const probeDue = (ago: string) =>
      db.pool.query('UPDATE breaker SET probe_at = clock_timestamp() - $1::interval', [ago]);
    await probeDue('1 second');
    expect(await waitsForModel(db.pool, job, GRACE), 'its worker asks first').not.toBeNull();
    await probeDue('11 seconds');
    expect(await waitsForModel(db.pool, job, GRACE)).toBeNull();
  });

  it('waits for a coding agent that is left alone on its host, unless it can be asked in another way', async () => {
    const agent = (pipelines: string[]) => ({
      ...local('ANVIL', 4, 'claude-sonnet'),
      provider: 'claude-code',
      pipelines,
    });
    await open('ANVIL', 'claude-code');
    const looked = async (pipelines: string[]) => {
      const id = await queued([agent(pipelines)], 4);
      const { dispatch } = await task(id);
      return await waitsForModel(db.pool, { taskId: id, dispatch, host: 'ANVIL' }, GRACE);
    };
    expect(await looked(['claude-cli'])).toBe('claude-code cannot be asked: It hangs');
    expect(await looked(['claude-cli', 'claude-api'])).toBeNull();
  });

  it('is looked at again as soon as the breaker closes, whatever time it was told', async () => {
    const id = await queued([local('ANVIL', 1, 'qwen3:8b')], 1);
    const { dispatch } = await task(id);
    await open('ANVIL', 'qwen3:8b');
    await waitsForModel(db.pool, { taskId: id, dispatch, host: 'ANVIL' }, GRACE);
    const key = { host: 'ANVIL', model: 'qwen3:8b' };
    await changeBreaker(db, key, 'a probe', (b) => ({
      ...b,
      state: 'CLOSED',
      failures: 0,
      probeAt: null,
      error: '',
    }));
    expect(await task(id)).toMatchObject({ status: 'QUEUED', wait_for: null, wait_why: null });
  });

  it('goes to another host of its tier at once', async () => {
    const id = await queued([local('ANVIL', 1, 'qwen3:8b'), local('FORGE', 1, 'qwen3:8b')], 1);
    const { host } = await task(id);
    await open(host, 'qwen3:8b');
    await goRound(db, factory.publisher, times);
    expect(await task(id)).toMatchObject({
      status: 'QUEUED',
      tier: 1,
      host: host === 'ANVIL' ? 'FORGE' : 'ANVIL',
    });
  });

  it('of a cloud without a network goes to a local tier, and back when the cloud is there again', async () => {
    const id = await queued([cloud('ANVIL'), local('FORGE', 2, 'qwen2.5-coder:32b')], 4);
    await open('*', 'anthropic', true);
    await goRound(db, factory.publisher, times);
    expect(await task(id)).toMatchObject({ tier: 2, host: 'FORGE' });
    await db.pool.query('DELETE FROM breaker');
    await goRound(db, factory.publisher, times);
    expect(await task(id)).toMatchObject({ tier: 4, host: 'ANVIL' });
    const { rows } = await db.pool.query(
      `SELECT data->>'tier' tier, reason FROM event WHERE type = 'task.tier' AND task_id = $1 ORDER BY seq`,
      [id],
    );
    expect(rows).toMatchObject([
      { tier: '2', reason: expect.stringContaining('no way to its service') },
      { tier: '4', reason: expect.stringContaining('can be asked again') },
    ]);
  });

  it('waits a while for the model of its tier before the next tier takes it', async () => {
    const id = await queued([local('ANVIL', 1, 'qwen3:8b'), local('FORGE', 2, 'qwen2.5-coder:32b')], 1);
    await open('ANVIL', 'qwen3:8b');
    await goRound(db, factory.publisher, times);
    expect(await task(id)).toMatchObject({ tier: 1, host: 'ANVIL' });
    await db.pool.query(`UPDATE task SET queued_at = now() - interval '2 minutes' WHERE id = $1`, [id]);
    await goRound(db, factory.publisher, times);
    expect(await task(id)).toMatchObject({ tier: 2, host: 'FORGE' });
  });

  it('has waited since the first of its attempts that its model did not answer, however often it was begun anew', async () => {
    const choices = [local('ANVIL', 1, 'qwen3:8b'), local('FORGE', 2, 'qwen2.5-coder:32b')];
    const lose = async (
      id: number,
      code: string,
      startedAgo: string,
      answered?: { provider: string; ok: boolean },
    ) => {
      const a = await factory.take(id);
      await db.pool.query('UPDATE attempt SET started_at = now() - $2::interval WHERE id = $1', [
        a.attemptId,
        startedAgo,
      ]);
      if (answered)
        await db.pool.query(
          `INSERT INTO call(attempt_id, task_id, step_key, provider, model, tokens_in, tokens_out, ms, ok)
           VALUES ($1, $2, 'build', $3, 'qwen3:8b', 10, 10, 10, $4)`,
          [a.attemptId, id, answered.provider, answered.ok],
        );
      await endAttempt(db, factory.publisher, a, { kind: 'infra', code, message: 'It hangs' });
    };
    const [id, other, worked, agent, cut] = [
      await queued(choices, 1),
      await queued(choices, 1),
      await queued(choices, 1),
      await queued(choices, 1),
      await queued(choices, 1),
    ];
    await lose(id, 'MODEL_TIMEOUT', '2 minutes');
    await lose(id, 'MODEL_PAUSED', '30 s');
    // Something else was the matter in between: that was another wait.
    await lose(other, 'MODEL_TIMEOUT', '2 minutes');
    await lose(other, 'GIT_FAILED', '1 minute');
    await lose(other, 'MODEL_PAUSED', '30 s');
    // An hour of work that was answered until a moment ago is no wait; nor is the run of a coding agent, which is one call.
    await lose(worked, 'MODEL_UNREACHABLE', '1 hour', { provider: 'ollama', ok: true });
    await lose(agent, 'MODEL_UNREACHABLE', '1 hour', { provider: 'claude-code', ok: false });
    // An answer that breaks off every time is none.
    await lose(cut, 'MODEL_INTERRUPTED', '2 minutes', { provider: 'ollama', ok: false });
    await open('ANVIL', 'qwen3:8b');
    await goRound(db, factory.publisher, times);
    expect(await task(id)).toMatchObject({ tier: 2, host: 'FORGE' });
    expect(await task(cut)).toMatchObject({ tier: 2, host: 'FORGE' });
    for (const early of [other, worked, agent])
      expect(await task(early)).toMatchObject({ tier: 1, host: 'ANVIL' });
  });
});

describe('the way round', () => {
  const choices = [cloud('anvil'), local('forge', 2, 'm'), local('forge', 1, 'n')];
  const waiting = (over: object) => ({
    id: 1,
    tier: 4,
    host: 'anvil',
    route: route({ tier: 4, choices }),
    open: [false, true, true],
    offline: true,
    long: false,
    ...over,
  });

  it('is the nearest tier that can be asked', () => {
    expect(detour(waiting({}))).toMatchObject({ tier: 2 });
    expect(detour(waiting({ open: [false, false, true] }))).toMatchObject({ tier: 1 });
    expect(detour(waiting({ open: [false, false, false] }))).toBeNull();
    expect(detour(waiting({ offline: false }))).toBeNull();
    expect(detour(waiting({ open: [true, true, true] }))).toBeNull();
  });
});
