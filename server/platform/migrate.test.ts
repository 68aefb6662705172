import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { migrate } from './migrate.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'alai-migrations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, sql: string) => {
  mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, name, 'migration.sql'), sql);
};
write('0001_first', 'CREATE TABLE first (id int);');

describe('migrating', async () => {
  const { url, db } = await testDatabase({ migrated: false });
  const stranger = await testDatabase({ migrated: false });

  test('applies what is new, once', async () => {
    expect(await migrate(url, folder)).toEqual(['0001_first']);
    write('0002_second', 'CREATE TABLE second (id int);');
    expect(await migrate(url, folder)).toEqual(['0002_second']);
    expect(await migrate(url, folder)).toEqual([]);
  });

  test('two processes at once apply each migration once', async () => {
    write('0003_third', 'CREATE TABLE third (id int);');
    const applied = await Promise.all([migrate(url, folder), migrate(url, folder)]);
    expect(applied.flat()).toEqual(['0003_third']);
  });

  test('a failing migration leaves nothing of itself', async () => {
    write('0004_broken', 'CREATE TABLE fourth (id int); SELECT 1/0;');
    await expect(migrate(url, folder)).rejects.toMatchObject({ code: 'INTERNAL' });
    rmSync(path.join(folder, '0004_broken'), { recursive: true });
    const { rows } = await db.pool.query(`SELECT to_regclass('fourth') AS there`);
    expect(rows).toEqual([{ there: null }]);
  });

  test("refuses a database with somebody else's tables and leaves it untouched", async () => {
    await stranger.db.pool.query('CREATE TABLE invoices (id int)');
    await expect(migrate(stranger.url, folder)).rejects.toMatchObject({
      code: 'DATABASE_NOT_OURS',
      data: { tables: ['invoices'] },
    });
    const { rows } = await stranger.db.pool.query(`SELECT to_regclass('_prisma_migrations') AS ledger`);
    expect(rows).toEqual([{ ledger: null }]);
  });

  test('refuses a database of a newer version', async () => {
    rmSync(path.join(folder, '0003_third'), { recursive: true });
    await expect(migrate(url, folder)).rejects.toThrow('newer version');
  });

  test('says where it looked when nothing answers', async () => {
    await expect(migrate('postgresql://a:b@127.0.0.1:1/x', folder)).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
    });
  });
});
