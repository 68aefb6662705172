import { keepLastGood, readCatalogue } from '#server/catalogue/data.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { timing } from '#server/domain/timing.ts';
import { createDb, type Db } from '#server/platform/db.ts';
import { type DatabaseWatch, watchDatabase } from '#server/platform/db-watch.ts';
import { type Env, env } from '#server/platform/env.ts';
import { type LaneQueue, openQueue } from '#server/platform/queue.ts';

/** What the API's procedures work with; one per process. */
export interface Services {
  env: Env;
  db: Db;
  /** Whether the database answers at all. */
  database?: DatabaseWatch;
  queue: LaneQueue;
  timing: ReturnType<typeof timing>;
  catalogue: typeof readCatalogue;
}

// Next evaluates a module once per bundle: without this every route would open its own pools.
const shared = globalThis as unknown as { alaiServices?: Services };

/** Opens database and queue at first use. Throws DATABASE_UNREACHABLE when nothing says where they are. */
export function services(): Services {
  if (shared.alaiServices) return shared.alaiServices;
  const e = env();
  if (!e.DATABASE_URL)
    throw new AlaiError(
      'DATABASE_UNREACHABLE',
      'DATABASE_URL is not set.',
      'Start everything with npm start, or set DATABASE_URL.',
    );
  const db = createDb(e.DATABASE_URL, { max: 10, name: 'alai-web' });
  shared.alaiServices = {
    env: e,
    db,
    database: watchDatabase(db),
    queue: openQueue({ databaseUrl: e.DATABASE_URL, redisUrl: e.REDIS_URL }),
    timing: timing(e.ALAI_TIMING_SCALE),
    catalogue: readCatalogue,
  };
  warm(e.ALAI_HOME);
  return shared.alaiServices;
}

/** What was good when the process started is what it goes on with when a file breaks before anybody asked for it. */
function warm(home: string): void {
  keepLastGood(home);
  try {
    readCatalogue();
  } catch {
    // Told with file and line to whoever needs it.
  }
}
