import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { invariants } from '#server/engine/invariants.ts';
import { databaseAnswers, watchChildren } from '#workers/supervisor/watch.ts';
import { submitChains } from './load.ts';
import { staged, within } from './wait.ts';
import { startWorld } from './world.ts';

const log = { info() {}, warn() {}, error() {}, debug() {} } as never;

it('a worker that hangs is started again by its supervisor, and its work is done once', {
  timeout: 8 * 60_000,
}, async () => {
  const w = await startWorld({ backend: 'postgres', scale: 0.1, web: false, pace: 400 });
  const q = async <T>(sql: string): Promise<T[]> => (await w.services.db.pool.query(sql)).rows as T[];
  const worker = w.children.get('host-forge')!;
  const running = async () =>
    (
      await q<{ id: string; worker: string }>(
        `SELECT id, worker_id worker FROM attempt WHERE host = 'forge' AND state = 'RUNNING' ORDER BY id DESC LIMIT 1`,
      )
    )[0];
  try {
    // One more than anvil has slots for, so that forge has work.
    await submitChains(w, 3, 3);
    const held = await staged(
      w,
      'an attempt of forge runs while its worker is stopped',
      120_000,
      async () => {
        const { pid } = worker;
        const one = await running();
        if (!one || pid === undefined) return undefined;
        process.kill(pid, 'SIGSTOP');
        // What was on its way to the database when it was stopped arrives.
        await sleep(300);
        if ((await running())?.id === one.id) return { ...one, pid };
        process.kill(pid, 'SIGCONT');
        return undefined;
      },
    );
    const watch = watchChildren({
      children: () => [worker],
      databaseAnswers: () => databaseAnswers(w.databaseUrl),
      limits: { everyMs: 500, looks: 10, looksAtStart: 400, graceMs: 1_000 },
      log,
    });
    const stopped = Date.now();
    await within(w, 'another worker of forge is up', 120_000, async () => {
      const [row] = await q(
        `SELECT id FROM worker WHERE host = 'forge' AND state = 'ACTIVE' AND id <> '${held.worker}'`,
      );
      return row !== undefined;
    }).finally(() => watch.stop());
    console.log(JSON.stringify({ hungToRestartedMs: Date.now() - stopped }));
    expect(worker.pid).not.toBe(held.pid);
    await within(w, 'all is done', 240_000, async () => {
      const left = await q(`SELECT 1 FROM chain WHERE state <> 'FINISHED'`);
      return left.length === 0;
    });
    expect(
      await q(`SELECT 1 FROM event WHERE type = 'attempt.lost' AND entity_id = '${held.id}'`),
    ).toHaveLength(1);
    expect(
      await q(`SELECT 1 FROM event WHERE type = 'step.done' GROUP BY entity_id HAVING count(*) > 1`),
    ).toEqual([]);
    expect(await q('SELECT 1 FROM task WHERE failed_attempts > 0')).toEqual([]);
    await within(
      w,
      'nothing is half told',
      30_000,
      async () => (await invariants(w.services.db.pool)).length === 0,
    );
  } finally {
    await w.stop();
  }
});
