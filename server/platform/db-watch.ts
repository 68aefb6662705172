import pg from 'pg';
import { AlaiError } from '#server/domain/errors.ts';
import type { Db } from './db.ts';

export interface DatabaseWatch {
  /** Since when the database does not answer; null while it does. */
  readonly away: Date | null;
  stop(): void;
}

interface Pace {
  /** Between two questions, in milliseconds. */
  everyMs: number;
  /** So long it may take to an answer of one row. */
  withinMs: number;
}

/** Together below the ten seconds after which whoever waits takes the page for broken. */
const PACE: Pace = { everyMs: 1_000, withinMs: 5_000 };

export const databaseAway = (): AlaiError =>
  new AlaiError(
    'DATABASE_UNREACHABLE',
    'The database does not answer.',
    'Nothing is lost: all goes on by itself when it answers again. Look whether PostgreSQL runs, hangs or has a full disk.',
  );

type Callback = (e: unknown, client: pg.PoolClient | undefined, release: unknown) => void;

const isNetwork = (e: unknown) =>
  e instanceof Error && 'code' in e && typeof e.code === 'string' && /^E[A-Z_]{3,}$/.test(e.code);

/** It answers that it will not: it has too many connections, say. One that starts or shuts down is away. */
const isRefusal = (e: unknown) => e instanceof pg.DatabaseError && !e.code?.startsWith('57P0');

/**
 * Asks the database again and again, on a connection of its own. When no answer comes, what waits for it is told so and whatever asks next is
 * refused at once, because a server that hangs answers neither yes nor no and would keep every page waiting. How long real work takes says
 * nothing, so it has no deadline here.
 */
export function watchDatabase(db: Pick<Db, 'pool' | 'url'>, pace: Pace = PACE): DatabaseWatch {
  let away: Date | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let own: pg.Client | undefined;
  const clients = new Set<pg.PoolClient>();
  db.pool.on('connect', (client) => clients.add(client));
  db.pool.on('remove', (client) => clients.delete(client));

  const refusals = new Set<() => void>();
  const connect = db.pool.connect.bind(db.pool) as () => Promise<pg.PoolClient>;
  const gated = () =>
    new Promise<pg.PoolClient>((resolve, reject) => {
      if (away !== null) return reject(databaseAway());
      let refused = false;
      const refuse = () => {
        refused = true;
        reject(databaseAway());
      };
      refusals.add(refuse);
      connect()
        .then(
          (client) => (refused ? client.release() : resolve(client)),
          (e) => reject(isNetwork(e) ? databaseAway() : e),
        )
        .finally(() => refusals.delete(refuse));
    });
  // Both ways to call it, because the pool's own query() uses the one with a callback.
  db.pool.connect = ((cb?: Callback) => {
    const client = gated();
    if (!cb) return client;
    client.then(
      (c) => process.nextTick(cb, undefined, c, (e?: Error) => c.release(e)),
      (e) => process.nextTick(cb, e, undefined, () => {}),
    );
    return undefined;
  }) as typeof db.pool.connect;

  async function answers(): Promise<boolean> {
    const began = Date.now();
    let patience: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      const give = () => resolve(false);
      // A process that slept itself hears first what came meanwhile.
      const due = () => (Date.now() - began > pace.withinMs + 500 ? setTimeout(give, 1_000) : give());
      patience = setTimeout(due, pace.withinMs);
    });
    let over = false;
    let asked: pg.Client | undefined;
    const ask = async (client: pg.Client): Promise<'yes' | 'refused' | 'no'> => {
      asked = client;
      try {
        if (client !== own) await client.connect();
        await client.query('SELECT 1');
        return 'yes';
      } catch (e) {
        return isRefusal(e) ? 'refused' : 'no';
      }
    };
    const work = (async () => {
      if (own && (await ask(own)) === 'yes') return 'yes';
      if (over) return 'no';
      // One connection that was lost says nothing of the others, nor of the server.
      if (asked) cut(asked);
      const fresh = new pg.Client({ connectionString: db.url, application_name: 'alai-watch' });
      fresh.on('error', () => {});
      return await ask(fresh);
    })();
    const said = await Promise.race([work, late]);
    over = true;
    clearTimeout(patience);
    own = said === 'yes' ? asked : undefined;
    if (!own && asked) cut(asked);
    return said === 'yes' || said === 'refused';
  }

  async function round(): Promise<void> {
    const yes = await answers();
    if (stopped) return;
    if (yes) away = null;
    else if (away === null) {
      away = new Date();
      for (const client of clients) cut(client, databaseAway());
      for (const refuse of refusals) refuse();
    }
    timer = setTimeout(() => void round(), pace.everyMs);
    timer.unref();
  }
  void round();

  return {
    get away() {
      return away;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      db.pool.connect = connect as typeof db.pool.connect;
      if (own) cut(own);
    },
  };
}

/** Ends a connection that cannot be ended in order; what waits on it fails with this. */
function cut(client: pg.ClientBase, why?: Error): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(e?: Error): void } } };
  connection.stream.destroy(why);
}
