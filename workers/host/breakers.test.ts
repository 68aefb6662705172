import { beforeEach, describe, expect, it } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import { stopFactory } from '#server/engine/factory.ts';
import { changeBreaker } from '#server/models/resilience/commands.ts';
import { readBreaker } from '#server/models/resilience/data.ts';
import { createLogger } from '#server/platform/logger.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { startRehearsal } from '#test/rehearsal.ts';
import { probeModels } from './breakers.ts';

const { db } = await testDatabase();
const factory = await testFactory(db);
const rehearsal = await startRehearsal();
const t = timing();
const KEY = { host: 'FORGE', model: 'qwen3:8b' };
const state = async () => (await readBreaker(db.pool, KEY)).breaker.state;
const look = (signal = new AbortController().signal) =>
  probeModels(
    {
      ...{ db, host: 'FORGE', timing: t, log: createLogger('test') },
      probing: new Set(),
      server: (kind) => (kind === 'ollama' ? rehearsal.provider : null),
    },
    signal,
  );
const tell = (body: object) =>
  fetch(`${rehearsal.url}/rehearsal/faults`, { method: 'POST', body: JSON.stringify(body) });

beforeEach(async () => {
  await db.pool.query(
    `UPDATE host SET installed = '[{"name": "qwen3:8b", "bytes": 8000000000}, {"name": "big:70b", "bytes": 90000000000}]',
       memory_gb = 96, last_seen = clock_timestamp()`,
  );
  await fetch(`${rehearsal.url}/rehearsal/faults`, { method: 'DELETE' });
  await changeBreaker(db, KEY, 'test', (b) => ({
    ...b,
    ...{ state: 'OPEN', failures: 3, opens: 1, code: 'MODEL_BUSY', error: 'It is busy' },
    probeAt: new Date(Date.now() - 1_000),
  }));
});

describe('a model behind an open breaker', () => {
  it('is asked by its worker when its pause is over, and is open to work again by its answer', async () => {
    await look();
    expect(await state()).toBe('CLOSED');
  });

  it('that was opened because of one task is open to others by its answer, and the task is still known', async () => {
    await changeBreaker(db, KEY, 'test', (b) => ({ ...b, suspect: 7, opens: 0 }));
    await look();
    expect((await readBreaker(db.pool, KEY)).breaker).toMatchObject({ state: 'CLOSED', suspect: 7 });
  });

  it('is left alone for longer when it fails once more, and not asked before', async () => {
    await tell({ fault: '503', times: 1 });
    await look();
    const { breaker, now } = await readBreaker(db.pool, KEY);
    expect(breaker).toMatchObject({ state: 'OPEN', opens: 2, code: 'MODEL_BUSY' });
    expect(breaker.probeAt?.getTime()).toBeGreaterThan(now.getTime() + 20_000);
    await look();
    expect(await state()).toBe('OPEN');
  });

  it('is left to the work that loads it where it would not fit beside what runs', async () => {
    await db.pool.query(`UPDATE host SET memory_gb = 4 WHERE name = 'FORGE'`);
    await look();
    expect(await state()).toBe('OPEN');
    // A host that is busy in every slot has no more room for that.
    await db.pool.query(`UPDATE host SET slots = 1 WHERE name = 'FORGE'`);
    const { taskIds } = await factory.create([work('Keeps it busy')]);
    await db.pool.query(`UPDATE task SET host = 'FORGE' WHERE id = $1`, taskIds);
    expect(await factory.take(taskIds[0] as number)).toMatchObject({ host: 'FORGE' });
    await look();
    expect(await state()).toBe('OPEN');
  });

  it('is left for later where it would not fit beside another that is asked', async () => {
    const big = { ...KEY, model: 'big:70b' };
    await changeBreaker(db, big, 'test', (b) => ({
      ...b,
      ...{ state: 'OPEN', failures: 3, opens: 1, code: 'MODEL_BUSY', error: 'It is busy' },
      probeAt: new Date(Date.now() - 500),
    }));
    await look();
    expect(await state()).toBe('CLOSED');
    expect((await readBreaker(db.pool, big)).breaker).toMatchObject({ state: 'OPEN', opens: 1 });
    await db.pool.query('DELETE FROM breaker WHERE model = $1', [big.model]);
  });

  it('is not asked where no server of the host says that it has it, nor while the factory is stopped', async () => {
    await db.pool.query(`UPDATE host SET installed = '[]'`);
    await look();
    expect(await state()).toBe('OPEN');
    await db.pool.query(`UPDATE host SET installed = '[{"name": "Qwen3:8b", "bytes": 1}]'`);
    await stopFactory(db, ceo, 'A pause');
    await look();
    expect(await state()).toBe('OPEN');
  });
});
