import { beforeEach, describe, expect, it } from 'vitest';
import { AlaiError } from '#server/domain/errors.ts';
import { timing } from '#server/domain/timing.ts';
import { modelError } from '#server/models/provider.ts';
import { readBreaker } from '#server/models/resilience/data.ts';
import { testDatabase } from '#test/database.ts';
import { agentAnswered, forgetKeys, guardAgent } from './agent-breaker.ts';

const { db } = await testDatabase();
const t = timing();
const on = (host: string) => ({ db, host, timing: t });
const breaker = async (host = 'FORGE') =>
  (await readBreaker(db.pool, { host, model: 'claude-code' })).breaker;
const never = new AbortController().signal;
const run = (
  ends: () => Promise<unknown>,
  host = 'FORGE',
  { signal = never, task = null as number | null } = {},
) =>
  guardAgent(on(host), { name: 'claude-code', task, signal }, ends).then(
    () => 'answered',
    (e: AlaiError) => e.code,
  );
const busy = () => Promise.reject(modelError('MODEL_BUSY', 'It failed: 529 overloaded', '', 'transient'));
const badKey = () => Promise.reject(modelError('PROVIDER_KEY', 'It failed: 401', '', 'permanent'));
const fine = () => Promise.resolve('yes');
const due = () => db.pool.query(`UPDATE breaker SET probe_at = clock_timestamp() - interval '1 second'`);

beforeEach(() => db.pool.query('DELETE FROM breaker'));

describe('a coding agent that fails on and on', () => {
  it('is left alone after one run, which asked again and again by itself, and not on other hosts', async () => {
    expect(await run(busy)).toBe('MODEL_BUSY');
    expect(await breaker()).toMatchObject({ state: 'OPEN', code: 'MODEL_BUSY' });
    expect(await run(fine)).toBe('MODEL_PAUSED');
    expect(await run(fine, 'ANVIL')).toBe('answered');
  });

  it('is tried by one run when its pause is over, longer and longer, until it answers', async () => {
    await run(busy);
    await due();
    expect(await run(busy)).toBe('MODEL_BUSY');
    expect(await breaker()).toMatchObject({ state: 'OPEN', opens: 2 });
    await due();
    let other = '';
    expect(
      await run(async () => {
        other = await run(fine);
      }),
    ).toBe('answered');
    expect(other).toBe('MODEL_PAUSED');
    expect(await breaker()).toMatchObject({ state: 'CLOSED', failures: 0 });
  });

  it('leaves the trial to the next when it was stopped, and is not blamed for what is not its model’s', async () => {
    await run(busy);
    await due();
    const stop = new AbortController();
    await run(
      async () => {
        stop.abort();
        throw new Error('stopped');
      },
      'FORGE',
      { signal: stop.signal },
    );
    expect(await run(() => Promise.reject(new AlaiError('LIMIT_REACHED', 'too long', '')))).toBe(
      'LIMIT_REACHED',
    );
    expect(await breaker()).toMatchObject({ state: 'CLOSED' });
  });

  it('whose key is not taken is left alone for long, until a worker starts with other keys', async () => {
    expect(await run(badKey)).toBe('PROVIDER_KEY');
    expect(await run(fine)).toBe('MODEL_PAUSED');
    const { probeAt } = await breaker();
    expect((probeAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(t.breakerMost * 0.9);
    await forgetKeys(on('ANVIL'));
    expect(await breaker()).toMatchObject({ state: 'OPEN' });
    await forgetKeys(on('FORGE'));
    expect(await run(fine)).toBe('answered');
    await run(busy);
    await forgetKeys(on('FORGE'));
    expect(await breaker(), 'which says nothing of a service that is down').toMatchObject({ state: 'OPEN' });
  });

  it('is not left alone by others because of one task whose runs alone fail', async () => {
    expect(await run(busy, 'FORGE', { task: 7 })).toBe('MODEL_BUSY');
    expect(await breaker()).toMatchObject({ state: 'OPEN', suspect: 7, opens: 0 });
    await db.pool.query(
      `UPDATE breaker SET opened_at = now() - interval '2 s', probe_at = now() + interval '1 hour'`,
    );
    const both: string[] = [];
    // At once, because a run takes minutes.
    await run(
      async () => {
        both.push(await run(fine, 'FORGE', { task: 9 }));
      },
      'FORGE',
      { task: 8 },
    );
    expect(both).toEqual(['answered']);
    expect(await breaker()).toMatchObject({ state: 'CLOSED', suspect: 7 });
    // The suspect that fails again is still alone with it, until it is answered.
    await run(busy, 'FORGE', { task: 7 });
    expect(await breaker()).toMatchObject({ state: 'OPEN', suspect: 7 });
    await due();
    expect(await run(fine, 'FORGE', { task: 7 })).toBe('answered');
    expect(await breaker()).toMatchObject({ state: 'CLOSED', suspect: null });
  });

  it('is left alone as always when another task fails while one is doubted', async () => {
    await run(busy, 'FORGE', { task: 7 });
    await db.pool.query(`UPDATE breaker SET opened_at = now() - interval '2 s'`);
    expect(await run(busy, 'FORGE', { task: 8 })).toBe('MODEL_BUSY');
    expect(await breaker()).toMatchObject({ state: 'OPEN', suspect: null, opens: 1 });
    expect(await run(fine, 'FORGE', { task: 9 })).toBe('MODEL_PAUSED');
  });

  it('is asked again by all as soon as it answered a person', async () => {
    await run(busy);
    await agentAnswered(on('FORGE'), 'claude-code');
    expect(await run(fine)).toBe('answered');
  });
});
