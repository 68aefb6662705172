import { type AddressInfo, createServer } from 'node:net';
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

it('cuts nobody because its own connection was ended', async () => {
  const { db, watch } = await watched({ everyMs: 20, withinMs: 5_000 });
  const watcher = async () =>
    (
      await real.db.pool.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'alai-watch' AND datname = current_database()`,
      )
    ).rows[0]?.pid ?? 0;
  const client = await db.pool.connect();
  await expect.poll(watcher).toBeGreaterThan(0);
  const first = await watcher();
  await real.db.pool.query('SELECT pg_terminate_backend($1)', [first]);
  await expect.poll(async () => ![0, first].includes(await watcher())).toBe(true);
  expect(watch.away).toBeNull();
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  client.release();
});

it.each([
  ['53300', 'answers, though it takes nobody more', false],
  ['57P03', 'does not answer yet', true],
])('a server that refuses with %s %s', async (code, _, away) => {
  let asked = 0;
  const text = Buffer.from(`SFATAL\0C${code}\0Mno\0\0`);
  const refusal = Buffer.concat([Buffer.from('E'), Buffer.alloc(4), text]);
  refusal.writeInt32BE(4 + text.length, 1);
  const server = createServer((s) => {
    asked++;
    s.on('error', () => {});
    s.once('data', () => s.end(refusal));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const db = createDb(`postgresql://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/x`);
  const watch = watchDatabase(db, { everyMs: 20, withinMs: 20_000 });
  onTestFinished(async () => {
    watch.stop();
    server.close();
    await db.close();
  });
  await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(2);
  expect(watch.away !== null).toBe(away);
});
