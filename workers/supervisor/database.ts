import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#server/platform/embedded-postgres.ts';
import type { Env } from '#server/platform/env.ts';
import { migrate } from '#server/platform/migrate.ts';
import { migrateQueue } from '#server/platform/queue.ts';
import type { Secrets } from '#server/platform/secrets.ts';

export interface Database {
  url: string;
  said: string;
  embedded: EmbeddedPostgres | undefined;
}

/** The operator's PostgreSQL when DATABASE_URL names one, else the one that npm brought. */
export async function startDatabase(env: Env, secrets: Secrets): Promise<Database> {
  if (env.DATABASE_URL) {
    const { host, pathname } = new URL(env.DATABASE_URL);
    return {
      url: env.DATABASE_URL,
      said: `PostgreSQL at ${host}${pathname} (DATABASE_URL)`,
      embedded: undefined,
    };
  }
  const embedded = await startEmbeddedPostgres({ home: env.ALAI_HOME, password: secrets.postgresPassword });
  const said = `embedded PostgreSQL on port ${embedded.port}${embedded.reused ? ', found running' : ''}`;
  return { url: embedded.url, said, embedded };
}

/** Our tables, and BullMQ's own where PostgreSQL also delivers. */
export async function migrateDatabase(
  root: string,
  url: string,
  redisUrl: string | undefined,
): Promise<string> {
  const applied = await migrate(url, path.join(root, 'prisma/migrations'));
  if (!redisUrl) await migrateQueue(url);
  return applied.length ? `${applied.length} applied` : '';
}

export const CEO = 'ceo';
const LINK_MINUTES = 15;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Makes sure that there is an owner, that the local API token is his, and returns the code of a fresh one-time sign-in
 * link. Only hashes are stored.
 */
export async function prepareSignIn(url: string, apiToken: string): Promise<string> {
  const code = randomBytes(24).toString('base64url');
  const client = new pg.Client({ connectionString: url, application_name: 'alai-supervisor' });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(
      `INSERT INTO app_user (id, name, role, joined_at) VALUES ($1, 'CEO', 'ceo', now()) ON CONFLICT DO NOTHING`,
      [CEO],
    );
    await client.query(
      `INSERT INTO api_token (hash, user_id, name) VALUES ($1, $2, 'this machine') ON CONFLICT (hash) DO NOTHING`,
      [sha256(apiToken), CEO],
    );
    await client.query(
      `INSERT INTO sign_in_link (code_hash, user_id, expires_at) VALUES ($1, $2, now() + make_interval(mins => $3))`,
      [sha256(code), CEO, LINK_MINUTES],
    );
    return code;
  } finally {
    await client.end();
  }
}
