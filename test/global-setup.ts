import { createHash } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '#server/platform/embedded-postgres.ts';
import { migrate, shippedMigrations } from '#server/platform/migrate.ts';
import { folderInMemory, makeFolder, removeFolder } from './memory.ts';

declare module 'vitest' {
  interface ProvidedContext {
    testDatabase: { adminUrl: string; template: string };
  }
}

/** One PostgreSQL for the run. Its data may be lost at any time, so it neither waits for a disk nor needs one. */
export default async function setup(project: TestProject) {
  const memory = folderInMemory();
  makeFolder(memory);
  const home = memory ?? path.resolve('.alai-test');
  const server = await startEmbeddedPostgres({
    home,
    password: 'only-on-loopback-for-tests',
    settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' },
  });
  const admin = new pg.Client(server.url);
  await admin.connect();
  if (!server.reused) await dropLeftovers(admin);
  const template = await makeTemplate(admin, server.url);
  await admin.end();
  project.provide('testDatabase', { adminUrl: server.url, template });
  return () => {
    // A run that found the server running is a guest beside another run.
    if (server.reused && !process.env.CI) return;
    server.stop();
    removeFolder(memory);
  };
}

async function dropLeftovers(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'test\\_%'`,
  );
  for (const { name } of rows) await admin.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
}

/** A migrated, empty database named by what the migrations say, so that it is made again only when they change. */
async function makeTemplate(admin: pg.Client, serverUrl: string): Promise<string> {
  const hash = createHash('sha256');
  for (const migration of shippedMigrations()) hash.update(migration.checksum);
  const name = `template_${hash.digest('hex').slice(0, 16)}`;
  await admin.query('SELECT pg_advisory_lock(4711)');
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return name;
    await admin.query(`DROP DATABASE IF EXISTS ${name}_new WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${name}_new`);
    const url = new URL(serverUrl);
    url.pathname = `/${name}_new`;
    await migrate(url.href);
    await admin.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`);
    return name;
  } finally {
    await admin.query('SELECT pg_advisory_unlock(4711)');
  }
}
