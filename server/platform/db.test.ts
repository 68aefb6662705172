import { describe, expect, test } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { snapshot, transaction } from './db.ts';

describe('the database pool', async () => {
  const { db } = await testDatabase();

  test('gives bigint as numbers, alone and in arrays, and runs without jit', async () => {
    const { rows } = await db.pool.query(
      `SELECT 5::int8 AS one, ARRAY[1, NULL, 3]::int8[] AS many, count(*) AS none, current_setting('jit') AS jit
       FROM pg_class WHERE false`,
    );
    expect(rows[0]).toEqual({ one: 5, many: [1, null, 3], none: 0, jit: 'off' });
  });

  test('answers through Prisma on the same pool', async () => {
    expect(await db.prisma.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }]);
  });
});

describe('a transaction', async () => {
  const { db } = await testDatabase();

  test('runs again as a whole when PostgreSQL resolves a deadlock against it', async () => {
    await db.pool.query('CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL)');
    await db.pool.query('INSERT INTO counter VALUES (1, 0), (2, 0)');
    const add = (first: number, second: number) =>
      transaction(db, async (client) => {
        await client.query('UPDATE counter SET n = n + 1 WHERE id = $1', [first]);
        await new Promise((r) => setTimeout(r, 50));
        await client.query('UPDATE counter SET n = n + 1 WHERE id = $1', [second]);
      });
    await Promise.all([add(1, 2), add(2, 1)]);
    const { rows } = await db.pool.query('SELECT n FROM counter ORDER BY id');
    expect(rows).toEqual([{ n: 2 }, { n: 2 }]);
  });

  test('leaves nothing behind when it fails, and passes the failure on', async () => {
    await db.pool.query('CREATE TABLE kept (id int)');
    const failing = transaction(db, async (client) => {
      await client.query('INSERT INTO kept VALUES (1)');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect((await db.pool.query('SELECT * FROM kept')).rowCount).toBe(0);
  });
});

describe('a snapshot', async () => {
  const { db } = await testDatabase();

  test('counts and lists the same rows, however many change in between, and writes none', async () => {
    await db.pool.query('CREATE TABLE thing (id int)');
    const count = 'SELECT count(*) n FROM thing';
    const seen = await snapshot(db, async (q) => {
      const [first, twice] = await Promise.all([q.query(count), q.query(count)]);
      await db.pool.query('INSERT INTO thing VALUES (1)');
      return [first, twice, await q.query(count)].map((r) => r.rows[0]?.n);
    });
    expect(seen).toEqual([0, 0, 0]);
    await expect(snapshot(db, (q) => q.query('INSERT INTO thing VALUES (2)'))).rejects.toMatchObject({
      code: '25006',
    });
    expect((await db.pool.query(count)).rows[0]?.n).toBe(1);
  });
});
