import { hasLiveWorker } from '#server/fleet/data.ts';
import { databaseAway } from '#server/platform/db-watch.ts';
import { services } from './services.ts';

export interface Readiness {
  ready: boolean;
  database: boolean;
  queue: boolean;
  worker: boolean;
}

/** Whether this web server can do its work; what is wrong, in words, when it cannot. Asks nobody, so it answers at once. */
export function health(): { ok: true } | { ok: false; problem: string; since: Date } {
  const since = services().database?.away ?? null;
  if (since === null) return { ok: true };
  return { ok: false, problem: databaseAway().message, since };
}

const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error('too slow')), ms).unref()),
  ]);

/** Whether work given to this installation now would be done. */
export async function readiness(): Promise<Readiness> {
  const yes = (work: Promise<unknown>) =>
    within(2_000, work).then(
      (v) => v !== false,
      () => false,
    );
  try {
    const { db, queue, timing } = services();
    const [database, queued, worker] = await Promise.all([
      yes(db.pool.query('SELECT 1')),
      yes(queue.ping()),
      yes(hasLiveWorker(db, timing)),
    ]);
    return { ready: database && queued && worker, database, queue: queued, worker };
  } catch {
    return { ready: false, database: false, queue: false, worker: false };
  }
}
