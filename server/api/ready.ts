import { hasLiveWorker } from '#server/fleet/data.ts';
import { services } from './services.ts';

export interface Readiness {
  ready: boolean;
  database: boolean;
  queue: boolean;
  worker: boolean;
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
