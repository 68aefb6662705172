import pg from 'pg';

/** What pg says itself, without a code, when it has no connection. */
const SAID =
  /timeout exceeded when trying to connect|connection terminated|encountered a connection error|not queryable/i;

/** Whether a query failed because the database was not there to answer, so that the same query may go well later. */
export function isAway(e: unknown): boolean {
  // Shutting down or starting (57P0x), connection lost (08), no room for one more connection (53).
  if (e instanceof pg.DatabaseError) return /^(57P0|08|53)/.test(e.code ?? '');
  if (!(e instanceof Error)) return false;
  return ('code' in e && typeof e.code === 'string' && /^E[A-Z]{3,}$/.test(e.code)) || SAID.test(e.message);
}
