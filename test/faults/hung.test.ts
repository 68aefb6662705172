import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { invariants } from '#server/engine/invariants.ts';
import { databaseAnswers, watchChildren } from '#workers/supervisor/watch.ts';
import { submitChains } from './load.ts';
import { startWorld, type World } from './world.ts';

async function until<T>(what: string, ms: number, read: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + ms; ; await sleep(50)) {
    const found = await read();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
  }
}

const log = { info() {}, warn() {}, error() {}, debug() {} } as never;

it('a worker that hangs is started again by its supervisor, and its work is done once', {
  timeout: 180_000,
}, async () => {
  const w: World = await startWorld({ backend: 'postgres', scale: 0.1, web: false, pace: 400 });
  const q = async <T>(sql: string): Promise<T[]> => (await w.services.db.pool.query(sql)).rows as T[];
  const worker = w.children.get('host-forge')!;
  const watch = watchChildren({
    children: () => [worker],
    databaseAnswers: () => databaseAnswers(w.databaseUrl),
    limits: { everyMs: 500, looks: 10, looksAtStart: 100, graceMs: 1_000 },
    log,
  });
  try {
    await submitChains(w, 4, 2);
    const held = await until('an attempt runs on forge', 60_000, async () => {
      const [row] = await q<{ id: number; worker: string }>(
        `SELECT id, worker_id worker FROM attempt WHERE host = 'forge' AND state = 'RUNNING' LIMIT 1`,
      );
      return row;
    });
    const before = worker.pid as number;
    const stopped = Date.now();
    process.kill(before, 'SIGSTOP');
    await until('another worker of forge is up', 60_000, async () => {
      const [row] = await q<{ id: string }>(
        `SELECT id FROM worker WHERE host = 'forge' AND state = 'ACTIVE' AND id <> '${held.worker}'`,
      );
      return row;
    });
    console.log(JSON.stringify({ hungToRestartedMs: Date.now() - stopped }));
    expect(worker.pid).not.toBe(before);
    await until('all is done', 120_000, async () => {
      const left = await q(`SELECT 1 FROM chain WHERE state <> 'FINISHED'`);
      return left.length === 0 ? true : undefined;
    });
    expect(
      await q(`SELECT 1 FROM event WHERE type = 'attempt.lost' AND entity_id = '${held.id}'`),
    ).toHaveLength(1);
    expect(
      await q(`SELECT 1 FROM event WHERE type = 'step.done' GROUP BY entity_id HAVING count(*) > 1`),
    ).toEqual([]);
    expect(await q('SELECT 1 FROM task WHERE failed_attempts > 0')).toEqual([]);
    await until('nothing is half told', 30_000, async () =>
      (await invariants(w.services.db.pool)).length === 0 ? true : undefined,
    );
  } finally {
    watch.stop();
    await w.stop();
  }
});
