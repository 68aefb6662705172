import pg from 'pg';
import type { Logger } from '#server/platform/logger.ts';
import type { Child, Death } from './child.ts';
import { afterLook, isHung, type Limits, silentSeconds, wasAwake } from './silence.ts';

/** Looks again and again whether the children give signs of life, and has those started anew that do not. */
export function watchChildren(o: {
  children: () => readonly Child[];
  databaseAnswers: () => Promise<boolean>;
  limits: Limits;
  log: Logger;
}): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let last = Date.now();
  const look = async () => {
    const now = Date.now();
    const awake = wasAwake(now - last, o.limits);
    last = now;
    const seen = o.children().flatMap((child) => {
      const { pid } = child;
      return pid === undefined ? [] : [{ child, pid, heard: child.takeSign() }];
    });
    // A process says something less often than it is looked at, so one look without a word is nothing to ask anybody about.
    const database =
      seen.every((s) => s.heard || s.child.silence.missed === 0) || (await o.databaseAnswers());
    for (const { child, pid, heard } of seen) {
      if (child.pid !== pid) continue;
      child.silence = afterLook(child.silence, { heard, awake, database });
      if (!isHung(child.silence, o.limits)) continue;
      void child.replace(
        `it did nothing for ${silentSeconds(child.silence, o.limits)} s, though the database answers`,
        o.limits.graceMs,
      );
    }
  };
  const round = async () => {
    await look().catch((err) => o.log.warn({ err }, 'looking after the processes failed'));
    if (!stopped) timer = setTimeout(() => void round(), o.limits.everyMs);
  };
  timer = setTimeout(() => void round(), o.limits.everyMs);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

const ANSWER_WITHIN = 3_000;

/** Whether the database answers a question of a connection of its own. Never throws. */
export async function databaseAnswers(url: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'alai-supervisor',
    connectionTimeoutMillis: ANSWER_WITHIN,
    query_timeout: ANSWER_WITHIN,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Writes into the log of the factory that a process had to be started again. What cannot be written is in our own log. */
export async function recordDeath(url: string, death: Death, log: Logger): Promise<void> {
  // Here and not above: on a fresh clone the supervisor generates what these two import.
  const [{ createDb }, { processRestarted }] = await Promise.all([
    import('#server/platform/db.ts'),
    import('#server/engine/hosts.ts'),
  ]);
  const db = createDb(url, { max: 1, name: 'alai-supervisor' });
  try {
    await processRestarted(db, death);
  } catch (err) {
    log.warn({ err }, 'the end of a process could not be recorded');
  } finally {
    await db.close().catch(() => {});
  }
}
