import type { Queryable } from '#server/platform/db.ts';
import { type Breaker, type BreakerState, CLOSED, LISTED } from './policy.ts';

/** Which breaker a call falls under: a host's model, or `*` and the name of a service. */
export interface BreakerKey {
  host: string;
  model: string;
}

/** The service as a whole, for all hosts. */
export const SERVICE = '*';

interface Row {
  state: BreakerState;
  ver: number;
  failures: number;
  window_from: Date | null;
  opens: number;
  opened_at: Date | null;
  probe_at: Date | null;
  probe_by: string | null;
  code: string;
  error: string;
  offline: boolean;
  suspect: number | null;
}

const toBreaker = (r: Row): Breaker => ({
  state: r.state,
  ver: r.ver,
  failures: r.failures,
  windowFrom: r.window_from,
  opens: r.opens,
  openedAt: r.opened_at,
  probeAt: r.probe_at,
  probeBy: r.probe_by,
  code: r.code,
  error: r.error,
  offline: r.offline,
  suspect: r.suspect,
});

/** The breaker as it stands, and the time on the database's clock; closed where there is no row. */
export async function readBreaker(q: Queryable, key: BreakerKey): Promise<{ breaker: Breaker; now: Date }> {
  const { rows } = await q.query<Row & { now: Date; known: boolean }>(
    `SELECT clock_timestamp() now, b.host IS NOT NULL known, b.* FROM (SELECT 1) one
     LEFT JOIN breaker b ON b.host = $1 AND b.model = $2`,
    [key.host, key.model],
  );
  const [row] = rows;
  return row?.known
    ? { breaker: toBreaker(row), now: row.now }
    : { breaker: CLOSED, now: row?.now ?? new Date() };
}

/** One breaker for the fleet page: which model of which host, since when, until when, and why. */
export interface BreakerView extends BreakerKey {
  state: BreakerState;
  failures: number;
  openedAt: Date | null;
  /** OPEN: when one probe may be made. */
  probeAt: Date | null;
  code: string;
  error: string;
  offline: boolean;
  changedAt: Date;
}

/** Every breaker that is not closed, or saw a failure lately. Host `*` is a service of providers.yaml. */
export async function readBreakers(db: { pool: Queryable }): Promise<BreakerView[]> {
  const { rows } = await db.pool.query<BreakerView>(
    `SELECT host, model, state, failures, opened_at "openedAt", probe_at "probeAt", code, error, offline, changed_at "changedAt"
     FROM breaker WHERE state <> 'CLOSED' OR failures > 0 ORDER BY host, model`,
  );
  return rows;
}

/**
 * Services that stand open and are due for a probe. An empty account is found out by a call only: its probe would be answered; and so is
 * what has answered one since it failed.
 */
export async function dueServices(q: Queryable): Promise<BreakerKey[]> {
  const { rows } = await q.query<BreakerKey>(
    `SELECT host, model FROM breaker WHERE host = $1 AND state <> 'CLOSED' AND probe_at <= clock_timestamp() AND code <> 'PROVIDER_QUOTA'
       AND probe_by IS DISTINCT FROM $2`,
    [SERVICE, LISTED],
  );
  return rows;
}

export interface DueModel {
  model: string;
  /** Which of the host's servers has it; null when none says so. */
  server: 'ollama' | 'llama-server' | null;
}

/** Models of this host whose breaker is open and whose pause is over. */
export async function dueModels(q: Queryable, host: string): Promise<DueModel[]> {
  const { rows } = await q.query<DueModel>(
    `SELECT b.model, CASE
         WHEN EXISTS (SELECT 1 FROM jsonb_array_elements(h.installed) i WHERE lower(i->>'name') = lower(b.model)) THEN 'ollama'
         WHEN h.llama ? b.model THEN 'llama-server' END server
       FROM breaker b JOIN host h ON h.name = b.host
     WHERE b.host = $1 AND b.state <> 'CLOSED' AND b.probe_at <= clock_timestamp() ORDER BY b.probe_at`,
    [host],
  );
  return rows;
}
