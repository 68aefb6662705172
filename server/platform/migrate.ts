import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { AlaiError } from '#server/domain/errors.ts';

/** The key Prisma Migrate itself locks, so that both can be used on one database. */
const LOCK = 72_707_369;
const LEDGER = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** The migrations shipped with this version, oldest first. */
export function shippedMigrations(folder = 'prisma/migrations'): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((d) => d.isDirectory())
    .map((d) => d.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(path.join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

/**
 * Brings the database to this version and returns what was applied. Keeps Prisma's own ledger and lock. Each migration
 * is one transaction. Refuses a database that holds somebody else's tables before touching it.
 */
export async function migrate(url: string, folder = 'prisma/migrations'): Promise<string[]> {
  const shipped = shippedMigrations(folder);
  const client = await open(url);
  const applied: string[] = [];
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const done = await ledgerOf(client, shipped);
    await client.query(LEDGER);
    for (const migration of shipped) {
      const checksum = done.get(migration.name);
      if (checksum !== undefined && checksum !== migration.checksum) {
        throw new AlaiError(
          'DATABASE_NOT_OURS',
          `Migration ${migration.name} was changed after it was applied to this database.`,
          'Put the migration back as it was and add a new one instead.',
        );
      }
      if (checksum !== undefined) continue;
      await apply(client, migration);
      applied.push(migration.name);
    }
    return applied;
  } finally {
    await client.end();
  }
}

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'alai-migrate',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (e) {
    const { host, pathname } = new URL(url);
    throw new AlaiError(
      'DATABASE_UNREACHABLE',
      `PostgreSQL at ${host}${pathname} does not answer: ${(e as Error).message}`,
      'Check DATABASE_URL in .env, or remove it to use the embedded PostgreSQL.',
      {},
      e,
    );
  }
}

/** What was applied here before; throws when the database belongs to something else or to a newer version. */
async function ledgerOf(client: pg.Client, shipped: Migration[]): Promise<Map<string, string>> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1`,
  );
  const names = tables.map((t) => t.name);
  const done = new Map<string, string>();
  if (names.includes('_prisma_migrations')) {
    const { rows } = await client.query<{ name: string; checksum: string }>(
      `SELECT migration_name AS name, checksum FROM _prisma_migrations
       WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    );
    for (const row of rows) done.set(row.name, row.checksum);
  }
  const foreign = names.filter((n) => n !== '_prisma_migrations');
  const first = shipped[0]?.name;
  const ours = done.size === 0 ? foreign.length === 0 : first !== undefined && done.has(first);
  if (!ours) {
    const some = foreign.slice(0, 3).join(', ') || '_prisma_migrations';
    throw new AlaiError(
      'DATABASE_NOT_OURS',
      `This database already holds tables of something else (${some}${foreign.length > 3 ? ', …' : ''}). Nothing was changed.`,
      'Point DATABASE_URL at an empty database made for Mission Control, or remove it to use the embedded one.',
      { tables: foreign.slice(0, 20) },
    );
  }
  const known = new Set(shipped.map((m) => m.name));
  const newer = [...done.keys()].filter((n) => !known.has(n));
  if (newer.length) {
    throw new AlaiError(
      'DATABASE_NOT_OURS',
      `This database was made by a newer version (it knows ${newer[0]}). Nothing was changed.`,
      'Start the newer version, or restore a backup from before the upgrade.',
    );
  }
  return done;
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, now(), $3, 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('COMMIT');
  } catch (e) {
    await client.query('ROLLBACK');
    throw new AlaiError(
      'INTERNAL',
      `Migration ${migration.name} failed and was rolled back: ${(e as Error).message}`,
      'The database is as it was before. Please report this.',
      {},
      e,
    );
  }
}
