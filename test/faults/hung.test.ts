import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { invariants } from '#server/engine/invariants.ts';
import { databaseAnswers, watchChildren } from '#workers/supervisor/watch.ts';
import { submitChains } from './load.ts';
import { startWorld } from './world.ts';

async function until<T>(what: string, ms: number, read: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + ms; ; await sleep(50)) {
    const found = await read();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
  }
}

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
    await submitChains(w, 2, 2);
    const held = await until('an attempt of forge runs while its worker is stopped', 120_000, async () => {
      const { pid } = worker;
      const one = await running();
      if (!one || pid === undefined) return undefined;
      process.kill(pid, 'SIGSTOP');
      // What was on its way to the database when it was stopped arrives.
      await sleep(300);
      if ((await running())?.id === one.id) return { ...one, pid };
      process.kill(pid, 'SIGCONT');
      return undefined;
    });
    const watch = watchChildren({
      children: () => [worker],
      databaseAnswers: () => databaseAnswers(w.databaseUrl),
      limits: { everyMs: 500, looks: 10, looksAtStart: 400, graceMs: 1_000 },
      log,
    });
    const stopped = Date.now();
    await until('another worker of forge is up', 120_000, async () => {
      const [row] = await q(
        `SELECT id FROM worker WHERE host = 'forge' AND state = 'ACTIVE' AND id <> '${held.worker}'`,
      );
      return row;
    }).finally(() => watch.stop());
    console.log(JSON.stringify({ hungToRestartedMs: Date.now() - stopped }));
    expect(worker.pid).not.toBe(held.pid);
    await until('all is done', 240_000, async () => {
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
    await w.stop();
  }
});
