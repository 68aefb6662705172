import { startsIn } from '#server/domain/lane-eta.ts';
import type { Queryable } from '#server/platform/db.ts';

/** How many of the last attempts say how long such work takes. */
const HISTORY = 500;
/** Further back nobody can foresee, and a long queue must not cost more than a short one. */
const FORESEEN = 200;

/** Where a queued task stands. */
export interface LanePlace {
  id: number;
  host: string;
  /** The model it would be given there. */
  model: string | null;
  /** Why it may not be taken although a slot is free: no money, no model to ask. */
  held: string | null;
  /** How many of its host's queue come before it. */
  ahead: number;
  /** Milliseconds until it is likely to start; null where nothing is known, or its host takes no work. */
  startsInMs: number | null;
}

type PlaceRow = Omit<LanePlace, 'startsInMs'>;
interface HostRow {
  name: string;
  slots: number;
  lanes: Record<string, number>;
  takes: boolean;
}

/** Every queued task with its place, and when it is likely to start by how long such work took before. */
export async function readLanes(q: Queryable): Promise<Map<number, LanePlace>> {
  const [places, hosts, running, medians] = await Promise.all([
    q.query<PlaceRow>(
      `SELECT id, host, CASE WHEN wait_until > clock_timestamp() THEN CASE wait_for WHEN 'budget' THEN 'Waits for money. ' ELSE '' END || wait_why END held,
         (SELECT c->>'model' FROM jsonb_array_elements(route->'choices') c
          WHERE c->>'host' = host AND (c->>'tier')::int = tier LIMIT 1) model,
         (row_number() OVER (PARTITION BY host ORDER BY CASE priority WHEN 'H' THEN 0 WHEN 'M' THEN 1 ELSE 2 END, coalesce(waiting_since, queued_at), id) - 1)::int ahead
       FROM task WHERE status = 'QUEUED' ORDER BY host, ahead`,
    ),
    q.query<HostRow>(
      `SELECT h.name, h.slots, h.lanes, h.state = 'LIVE' AND NOT (SELECT engaged FROM kill_switch WHERE scope = 'factory')
         AND EXISTS (SELECT 1 FROM worker w WHERE w.host = h.name AND w.state = 'ACTIVE') takes FROM host h`,
    ),
    q.query<{ host: string; model: string; ms: number }>(
      `SELECT host, model, (extract(epoch FROM clock_timestamp() - started_at) * 1000)::float8 ms
       FROM attempt WHERE state IN ('LEASED', 'RUNNING')`,
    ),
    q.query<{ host: string; model: string; ms: number }>(
      `SELECT host, model, (extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_at - started_at)) * 1000)::float8 ms
       FROM (SELECT host, model, started_at, ended_at FROM attempt WHERE state = 'SUCCEEDED' ORDER BY id DESC LIMIT ${HISTORY}) a
       GROUP BY host, model`,
    ),
  ]);
  const found = new Map<number, LanePlace>(places.rows.map((p) => [p.id, { ...p, startsInMs: null }]));
  for (const h of hosts.rows.filter((row) => row.takes)) {
    const here = <T extends { host: string }>(r: T) => r.host === h.name;
    const medianMs = (model: string) =>
      (medians.rows.find((m) => here(m) && m.model === model) ?? medians.rows.find((m) => m.model === model))
        ?.ms ?? null;
    const starts = startsIn(
      running.rows.filter(here).map((r) => ({ model: r.model, elapsedMs: r.ms })),
      places.rows
        .filter((p) => here(p) && p.held === null && p.ahead < FORESEEN)
        .map((p) => ({ id: p.id, model: p.model ?? '' })),
      { slots: h.slots, lanes: h.lanes, medianMs },
    );
    for (const [id, ms] of starts) {
      const place = found.get(id);
      if (place) place.startsInMs = ms;
    }
  }
  return found;
}
