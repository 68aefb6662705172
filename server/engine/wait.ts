import type { Queryable } from '#server/platform/db.ts';

/** Queued work that may not start now says for what it waits, and goes on when that is there. */

/** How long a wait is, in words: "45 s", "4 min". */
export const pauseText = (ms: number): string =>
  ms < 90_000 ? `${Math.ceil(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;

/** A queued task that may not start now says why, and is not looked at again before `forMs` have passed. */
export async function holdBack(
  q: Queryable,
  task: { id: number; dispatch: number },
  wait: { for: string; why: string; forMs: number },
): Promise<void> {
  await q.query(
    `UPDATE task SET wait_for = $3, wait_why = $4, wait_until = clock_timestamp() + make_interval(secs => $5 / 1000.0)
     WHERE id = $1 AND dispatch = $2 AND status = 'QUEUED'`,
    [task.id, task.dispatch, wait.for, wait.why, wait.forMs],
  );
}

/** What waited for this is looked at again: a budget was raised, a server is back. Returns how many. */
export async function lookAgain(q: Queryable, waitedFor: string): Promise<number> {
  const { rowCount } = await q.query(
    `UPDATE task SET wait_for = NULL, wait_why = NULL, wait_until = NULL WHERE wait_for = $1`,
    [waitedFor],
  );
  return rowCount ?? 0;
}
