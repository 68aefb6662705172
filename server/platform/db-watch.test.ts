import { expect, it, onTestFinished } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { freezer } from '#test/freezer.ts';
import { createDb, transaction } from './db.ts';
import { watchDatabase } from './db-watch.ts';

const real = await testDatabase();
const AWAY = { code: 'DATABASE_UNREACHABLE', message: 'The database does not answer.' };

async function watched(pace?: { everyMs: number; withinMs: number }) {
  const url = new URL(real.db.url);
  const way = await freezer({ host: url.hostname, port: Number(url.port) });
  url.port = String(way.port);
  url.hostname = '127.0.0.1';
  const db = createDb(url.href, { max: 2 });
  const watch = watchDatabase(db, pace);
  onTestFinished(async () => {
    way.thaw();
    watch.stop();
    way.close();
    await db.close();
  });
  return { way, db, watch };
}

it('tells whoever waits for a database that hangs, refuses the next at once, and goes on when it wakes', async () => {
  const { way, db, watch } = await watched({ everyMs: 20, withinMs: 3_000 });
  await db.pool.query('SELECT 1');
  expect(watch.away).toBeNull();

  way.freeze();
  const waiting = [
    db.pool.query('SELECT 1'),
    transaction(db, (q) => q.query('SELECT 1')),
    // More than there are connections: they wait for one of them.
    db.pool.query('SELECT 1'),
    db.prisma.$queryRaw`SELECT 1`,
  ].map((p) =>
    p.then(
      () => 'answered',
      (e: Error) => e,
    ),
  );
  const [query, tx, third, prisma] = await Promise.all(waiting);
  for (const told of [query, tx, third]) expect(told).toMatchObject(AWAY);
  expect(prisma).toBeInstanceOf(Error);
  expect(watch.away).toBeInstanceOf(Date);
  await expect(db.pool.query('SELECT 1')).rejects.toMatchObject(AWAY);
  await expect(db.pool.connect()).rejects.toMatchObject(AWAY);

  way.thaw();
  await expect.poll(() => watch.away).toBeNull();
  expect((await db.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

it('says the same of one that is not there', async () => {
  const { way, db, watch } = await watched({ everyMs: 20, withinMs: 5_000 });
  await db.pool.query('SELECT 1');
  way.close();
  await expect.poll(() => watch.away).toBeInstanceOf(Date);
  await expect(db.pool.query('SELECT 1')).rejects.toMatchObject(AWAY);
});
