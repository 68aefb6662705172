import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '#prisma/client.ts';

export type DbClient = pg.PoolClient;

/** Anything a statement can be sent to: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>;

export interface Db {
  url: string;
  pool: pg.Pool;
  /** Ordinary reads and writes of a room's data.ts and commands.ts; made at first use, on the same pool. */
  readonly prisma: PrismaClient;
  close(): Promise<void>;
}

const INT8 = 20;
const INT8_ARRAY = 1016;

/** All bigint ids fit into a JS number (they are counted up from 1), and a string id would compare wrongly. */
const numbersForInt8 = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const standard = pg.types.getTypeParser(oid, format as 'text');
    if (format === 'binary') return standard;
    if (oid === INT8) return Number;
    if (oid === INT8_ARRAY)
      return (v: string) => (standard(v) as (string | null)[]).map((x) => (x === null ? x : Number(x)));
    return standard;
  },
} as pg.CustomTypesConfig;

/** Opens a pool. `jit` is off because compiling our short statements costs more than running them. */
export function createDb(url: string, options: { max?: number; name?: string } = {}): Db {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    types: numbersForInt8,
    options: '-c jit=off',
    application_name: options.name ?? 'alai',
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: false,
  });
  // A connection that dies while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  let prisma: PrismaClient | undefined;
  return {
    url,
    pool,
    get prisma() {
      prisma ??= new PrismaClient({ adapter: new PrismaPg(pool) });
      return prisma;
    },
    async close() {
      await prisma?.$disconnect();
      await pool.end();
    },
  };
}

/** Text as PostgreSQL can keep it: it knows no NUL. */
export function toText(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}

/**
 * JSON as jsonb can keep it. Text of models and commands may hold a NUL or half of a character (cut in its middle), and
 * one such row would refuse a whole batch.
 */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\u')) return json;
  // Escapes are read one after the other, so that an escaped backslash before a "u" stays what it is.
  return json.replace(/\\(?:u(?:0000|d[89a-f][0-9a-f]{2})|.)/g, (m) => (m.length === 6 ? '\\ufffd' : m));
}

/** The database said "try again": a serialization failure or a deadlock it resolved against us. */
const RETRIED = new Set(['40001', '40P01']);
const TRIES = 6;

/**
 * Runs `fn` in one transaction and retries it as a whole when PostgreSQL asks for that, so `fn` must have no effect
 * outside the database.
 */
export async function transaction<T>(db: Pick<Db, 'pool'>, fn: (client: DbClient) => Promise<T>): Promise<T> {
  return await within(db, 'BEGIN', fn);
}

/** Reads the rows as they stood at one moment, however many queries it takes: what is counted agrees with what is listed. */
export async function snapshot<T>(db: Pick<Db, 'pool'>, fn: (q: Queryable) => Promise<T>): Promise<T> {
  return await within(db, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', (client) =>
    fn(oneByOne(client)),
  );
}

/** One connection answers one query at a time; readers are written for a pool and ask several at once. */
function oneByOne(client: DbClient): Queryable {
  let last: Promise<unknown> = Promise.resolve();
  const query = (...args: unknown[]) => {
    const next = last.then(() => (client.query as (...a: unknown[]) => unknown)(...args));
    last = next.then(
      () => {},
      () => {},
    );
    return next;
  };
  return { query: query as Queryable['query'] };
}

async function within<T>(
  db: Pick<Db, 'pool'>,
  begin: string,
  fn: (client: DbClient) => Promise<T>,
): Promise<T> {
  for (let n = 1; ; n++) {
    const client = await db.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query(begin);
      const result = await fn(client);
      await client.query('COMMIT');
      return result;
    } catch (e) {
      await client.query('ROLLBACK').catch((rollback) => {
        broken = rollback;
      });
      if (n >= TRIES || !RETRIED.has((e as { code?: string }).code ?? '')) throw e;
    } finally {
      client.release(broken);
    }
    await new Promise((r) => setTimeout(r, 2 ** n + Math.random() * 10));
  }
}
