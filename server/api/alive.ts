import { sayAlive } from '#server/platform/alive.ts';
import { services } from './services.ts';

// Once per process, also when the bundler makes two copies of this file.
const shared = globalThis as unknown as { alaiReports?: true };

/** Lets the supervisor hear again and again that this web server's loop turns and its own connections to the database answer. */
export function reportAlive(): void {
  if (shared.alaiReports || !process.send) return;
  shared.alaiReports = true;
  const round = async () => {
    let pause = 5_000;
    try {
      const { db, timing } = services();
      pause = timing.heartbeat;
      await db.pool.query('SELECT 1');
      sayAlive();
    } catch {
      // Not said is what there is to say.
    }
    setTimeout(() => void round(), pause).unref();
  };
  void round();
}
