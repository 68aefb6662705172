import { expect, it } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import { version } from '#server/platform/version.ts';
import { testDatabase } from '#test/database.ts';
import { hearsOf, readRuns } from './runs.ts';

const { db } = await testDatabase();
const heard = hearsOf(db, 'conductor');
/** However slow the machine: what is heard of once in these tests stays so. */
const t = { ...timing(), lease: 600_000, heartbeat: 300_000 };
const runs = async () => Object.fromEntries((await readRuns(db.pool, t)).map((r) => [r.name, r]));

it('says of web, conductor and each worker since when they are heard, and of the silent so within seconds', async () => {
  await db.pool.query(
    `INSERT INTO host(name, label, slots, declared, last_seen) VALUES ('forge', 'FORGE', 2, true, now()),
       ('anvil', '', 2, true, now() - interval '2 days'), ('old', '', 2, false, now())`,
  );
  await db.pool.query(
    `INSERT INTO worker(id, host, pid, version, state, last_seen) VALUES (gen_random_uuid(), 'forge', 7, '0.0.9', 'ACTIVE', now())`,
  );
  // Nobody started a conductor yet: that is said, too.
  expect((await runs()).conductor).toMatchObject({ heardAt: null, startedAt: null, overdue: true });
  // What another one left that had the same id, in a container for instance, is nothing of this one.
  await db.pool.query(
    `INSERT INTO process(name, version, pid, started_at, heard_at) VALUES ('conductor', '', $1, now() - interval '9 days', now())`,
    [process.pid],
  );
  await heard();
  const first = await runs();
  expect(first.conductor?.startedAt?.getTime()).toBeGreaterThan(Date.now() - 86_400_000);
  expect(Object.keys(first)).toEqual(['web', 'conductor', 'worker of ANVIL', 'worker of FORGE']);
  expect(first.conductor).toMatchObject({ version, overdue: false });
  expect(first['worker of FORGE']).toMatchObject({ version: '0.0.9', overdue: false });
  expect(first['worker of ANVIL']).toMatchObject({ overdue: true, startedAt: null, version: '' });

  await db.pool.query(
    `UPDATE process SET heard_at = now() - interval '11 minutes', started_at = now() - interval '1 hour'`,
  );
  const hung = (await runs()).conductor;
  expect(hung).toMatchObject({ overdue: true });
  await heard();
  // The same process goes on: since when it runs does not change; another one starts anew.
  expect((await runs()).conductor).toMatchObject({ overdue: false, startedAt: hung?.startedAt });
  await db.pool.query('UPDATE process SET pid = pid + 1');
  await heard();
  expect((await runs()).conductor?.startedAt?.getTime()).toBeGreaterThan(hung?.startedAt?.getTime() ?? 0);
});
