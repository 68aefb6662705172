import { type Actor, appendEvents } from '#server/engine/event.ts';
import { lookAgain } from '#server/engine/wait.ts';
import { type Db, transaction } from '#server/platform/db.ts';
import { type BreakerKey, readBreaker } from './data.ts';
import type { Breaker } from './policy.ts';

const TYPES = { OPEN: 'breaker.opened', HALF_OPEN: 'breaker.probed', CLOSED: 'breaker.closed' } as const;

const INSERT = `INSERT INTO breaker(host, model, ver, state, failures, window_from, opens, opened_at, probe_at, probe_by, code, error, offline, suspect)
  VALUES ($1, $2, $3 + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (host, model) DO NOTHING`;
const UPDATE = `UPDATE breaker SET state = $4, ver = ver + 1, failures = $5, window_from = $6, opens = $7, opened_at = $8, probe_at = $9,
    probe_by = $10, code = $11, error = $12, offline = $13, suspect = $14, changed_at = clock_timestamp()
  WHERE host = $1 AND model = $2 AND ver = $3`;

/**
 * Writes a breaker if nobody did since it was read; a change of its state is an event of the same transaction. False when
 * somebody was first: read again and decide again.
 */
export async function writeBreaker(
  db: Db,
  key: BreakerKey,
  was: Breaker,
  next: Breaker,
  by: string,
): Promise<boolean> {
  return await transaction(db, async (q) => {
    const { rowCount } = await q.query(was.ver === 0 ? INSERT : UPDATE, values(key, was, next));
    if (!rowCount) return false;
    if (was.state !== next.state) {
      const actor: Actor = { kind: 'worker', name: by };
      await appendEvents(q, [
        {
          type: TYPES[next.state],
          entity: 'host',
          id: key.host,
          ver: was.ver + 1,
          from: was.state,
          to: next.state,
          actor,
          reason: next.error || (next.state === 'CLOSED' ? 'It answers again' : ''),
          data: { model: key.model, code: next.code, offline: next.offline, probeAt: next.probeAt },
        },
      ]);
    }
    // Each waiting task was told a time by the breaker as it was then; the model may be asked before that.
    const before = was.probeAt !== null && next.probeAt !== null && next.probeAt < was.probeAt;
    if (before || (next.state === 'CLOSED' && was.state !== 'CLOSED')) await lookAgain(q, 'model');
    return true;
  });
}

const values = (key: BreakerKey, was: Breaker, b: Breaker) => [
  key.host,
  key.model,
  was.ver,
  b.state,
  b.failures,
  b.windowFrom,
  b.opens,
  b.openedAt,
  b.probeAt,
  b.probeBy,
  b.code,
  b.error,
  b.offline,
  b.suspect,
];

const TRIES = 20;

/** Reads, decides and writes until nobody else was first. `decide` answers the same row when there is nothing to write. */
export async function changeBreaker(
  db: Db,
  key: BreakerKey,
  by: string,
  decide: (b: Breaker, now: Date) => Breaker,
): Promise<void> {
  for (let n = 0; n < TRIES; n++) {
    const { breaker, now } = await readBreaker(db.pool, key);
    const next = decide(breaker, now);
    if (next === breaker || (await writeBreaker(db, key, breaker, next, by))) return;
  }
}

export interface Rates {
  requestsPerMinute: number;
  tokensPerMinute: number;
}

/**
 * Draws one request and so many tokens from a service's bucket, for all workers together. Answers how long this call has to
 * wait for its turn; null when that would be longer than `mostMs`, and nothing is drawn.
 */
export async function draw(
  db: Db,
  service: string,
  rates: Rates,
  tokens: number,
  mostMs: number,
): Promise<number | null> {
  // No single call is larger than the bucket, or it could never be made.
  const wanted = Math.min(tokens, rates.tokensPerMinute);
  const { rows } = await db.pool.query<{ ms: number }>(
    `INSERT INTO provider_bucket AS b (provider, requests, tokens) VALUES ($1, $2::float8 - 1, $3::float8 - $4)
     ON CONFLICT (provider) DO UPDATE SET
       requests = least($2::float8, b.requests + $2 / 60000.0 * elapsed_ms(b.at)) - 1,
       tokens = least($3::float8, b.tokens + $3 / 60000.0 * elapsed_ms(b.at)) - $4,
       at = clock_timestamp()
     WHERE bucket_wait(b.requests + $2 / 60000.0 * elapsed_ms(b.at) - 1, $2, b.tokens + $3 / 60000.0 * elapsed_ms(b.at) - $4, $3, b.paused_until) <= $5
     RETURNING bucket_wait(requests, $2, tokens, $3, paused_until) ms`,
    [service, rates.requestsPerMinute, rates.tokensPerMinute, wanted, mostMs],
  );
  return rows[0] ? Math.ceil(rows[0].ms) : null;
}

/** What a call used more or less than was drawn for it. */
export async function settleDraw(db: Db, service: string, more: number): Promise<void> {
  if (Math.round(more) === 0) return;
  await db.pool.query('UPDATE provider_bucket SET tokens = tokens - $2 WHERE provider = $1', [service, more]);
}

/** The service asked to be left alone: all workers wait. */
export async function pause(db: Db, service: string, ms: number): Promise<void> {
  await db.pool.query(
    `UPDATE provider_bucket SET paused_until = greatest(paused_until, clock_timestamp() + make_interval(secs => $2 / 1000.0))
     WHERE provider = $1`,
    [service, ms],
  );
}
