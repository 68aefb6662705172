import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { createDb, type Db } from '#server/platform/db.ts';

export interface TestDatabase {
  url: string;
  db: Db;
}

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client(inject('testDatabase').adminUrl);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * A database of this test file's own, migrated and empty; dropped when the file is done. Call it at the top level
 * of the file or of a describe.
 */
export async function testDatabase(
  options: { max?: number; migrated?: boolean } = {},
): Promise<TestDatabase> {
  const { adminUrl, template } = inject('testDatabase');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const from = options.migrated === false ? '' : ` TEMPLATE ${template} STRATEGY FILE_COPY`;
  await asAdmin(`CREATE DATABASE ${name}${from}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const db = createDb(url.href, { max: options.max ?? 10 });
  afterAll(async () => {
    await db.close();
    await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
  return { url: url.href, db };
}
