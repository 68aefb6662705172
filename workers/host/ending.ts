import { setTimeout as sleep } from 'node:timers/promises';
import { isAway } from '#server/platform/db-away.ts';

/**
 * Writes how an attempt ended, again and again while the database is away: one that hangs for longer than a connection is waited for would
 * lose the ending, and dead work would read as running until its lease is over. What somebody else decided meanwhile stands, by its fence.
 * @param o.everyMs between two tries.
 * @param o.forMs after so long the lease was swept, and there is nothing to write any more.
 * @throws what the last try threw.
 */
export async function writeEnding(
  write: () => Promise<unknown>,
  o: { everyMs: number; forMs: number },
): Promise<void> {
  for (const end = Date.now() + o.forMs; ; ) {
    try {
      await write();
      return;
    } catch (e) {
      if (!isAway(e) || Date.now() >= end) throw e;
    }
    await sleep(o.everyMs);
  }
}
