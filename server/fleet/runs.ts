import { overdueAfter, type Timing } from '#server/domain/timing.ts';
import type { RunView } from '#server/domain/views/runs.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import { version } from '#server/platform/version.ts';

/**
 * What this process calls when it did its work just now, which is written down. What is said after a piece of real work proves more than a timer
 * would. The first word says since when it runs: in a container each one after the other has the same process id.
 */
export function hearsOf(db: Pick<Db, 'pool'>, name: 'conductor'): () => Promise<void> {
  let begun = false;
  return async () => {
    await db.pool.query(
      `INSERT INTO process(name, version, pid, started_at, heard_at)
       SELECT $1, $2, $3, now - make_interval(secs => $4), now FROM (SELECT date_trunc('milliseconds', clock_timestamp()) now) t
       ON CONFLICT (name) DO UPDATE SET version = excluded.version, heard_at = excluded.heard_at, pid = excluded.pid,
         started_at = CASE WHEN $5 AND process.pid = excluded.pid THEN process.started_at ELSE excluded.started_at END`,
      [name, version, process.pid, process.uptime(), begun],
    );
    begun = true;
  };
}

interface Row {
  kind: 'conductor' | 'worker';
  name: string | null;
  heard_at: Date | null;
  started_at: Date | null;
  version: string | null;
  silent_ms: number | null;
  now: Date;
}

/** What runs of the factory and when each was last heard of: this web server, which answers, the conductor, and the worker of each host. */
export async function readRuns(q: Queryable, t: Timing): Promise<RunView[]> {
  const { rows } = await q.query<Row>(
    `SELECT *, clock_timestamp() now, (extract(epoch FROM clock_timestamp() - heard_at) * 1000)::float8 silent_ms FROM (
       SELECT 'conductor' kind, NULL "name", p.heard_at, p.started_at, p.version FROM (SELECT 1) one
         LEFT JOIN process p ON p.name = 'conductor'
       UNION ALL
       SELECT 'worker', coalesce(nullif(h.label, ''), upper(h.name)), coalesce(w.last_seen, h.last_seen), w.started_at, w.version
         FROM host h LEFT JOIN worker w ON w.host = h.name AND w.state = 'ACTIVE' WHERE h.declared OR w.host IS NOT NULL) x
     ORDER BY kind, "name"`,
  );
  // The database's clock for all: whoever shows it knows no other. There is always the conductor's row.
  const now = rows[0]?.now.getTime() ?? Date.now();
  return [
    {
      name: 'web',
      kind: 'web',
      heardAt: new Date(now),
      startedAt: new Date(now - process.uptime() * 1_000),
      version,
      overdue: false,
    },
    ...rows.map((r): RunView => {
      const overdue = r.silent_ms === null || r.silent_ms > overdueAfter(t);
      return {
        name: r.name === null ? r.kind : `${r.kind} of ${r.name}`,
        kind: r.kind,
        heardAt: r.heard_at,
        startedAt: r.started_at,
        version: r.version ?? '',
        overdue,
      };
    }),
  ];
}
