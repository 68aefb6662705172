import type { Db } from '#server/platform/db.ts';

export interface HeldAttempt {
  attemptId: number;
  fence: number;
  progressAt: Date;
}

/** Extends the leases of a process in one statement; answers those that are lost. */
export async function heartbeat(
  db: Pick<Db, 'pool'>,
  held: HeldAttempt[],
  leaseMs: number,
): Promise<number[]> {
  if (held.length === 0) return [];
  const { rows } = await db.pool.query<{ attempt_id: number; result: string }>(
    'SELECT * FROM alai_heartbeat($1, $2, $3, $4)',
    [held.map((h) => h.attemptId), held.map((h) => h.fence), held.map((h) => h.progressAt), leaseMs],
  );
  return rows.filter((r) => r.result === 'stale').map((r) => r.attempt_id);
}
