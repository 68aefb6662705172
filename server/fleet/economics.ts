import type { TierRecord } from '#server/domain/economics.ts';
import { nobodysFault } from '#server/domain/errors.ts';
import type { Queryable } from '#server/platform/db.ts';

/** How the tiers did for each kind of work in the last `days` days; a single task builds. Attempts that only waited, were stopped or met a service that failed say nothing. */
export async function readTierRecords(q: Queryable, days: number, scripted: boolean): Promise<TierRecord[]> {
  const { rows } = await q.query<TierRecord>(
    `WITH a AS (
       SELECT concat_ws(' ', coalesce(t.stage, 'BUILD'), t.route->>'type') kind, a.tier, a.state = 'SUCCEEDED' ok, a.cost_eur::float8 eur,
         (extract(epoch FROM a.ended_at - a.started_at) * 1000)::float8 ms, coalesce(a.error_code, a.state) code
       FROM attempt a JOIN task t ON t.id = a.task_id
       WHERE a.state IN ('SUCCEEDED', 'FAILED', 'TIMED_OUT') AND a.scripted = $2 AND coalesce(a.error_code, '') <> ALL($3) AND a.ended_at > now() - make_interval(days => $1)),
     failed AS (
       SELECT kind, tier, jsonb_agg(jsonb_build_object('code', code, 'n', n) ORDER BY n DESC, code) codes
       FROM (SELECT kind, tier, code, count(*)::int n FROM a WHERE NOT ok GROUP BY 1, 2, 3) f GROUP BY 1, 2)
     SELECT a.kind, a.tier, count(*)::int attempts, count(*) FILTER (WHERE ok)::int succeeded, avg(eur)::float8 eur, avg(ms)::float8 ms,
       coalesce(max(failed.codes::text)::jsonb, '[]') failures
     FROM a LEFT JOIN failed ON failed.kind = a.kind AND failed.tier = a.tier
     GROUP BY a.kind, a.tier ORDER BY a.kind, a.tier LIMIT 500`,
    [days, scripted, nobodysFault],
  );
  return rows;
}

/** The last failures of one kind of work on one tier, in the words they ended with. */
export async function readFailures(
  q: Queryable,
  kind: string,
  tier: number,
): Promise<
  { taskId: number; title: string; n: number; model: string; code: string; error: string; at: Date }[]
> {
  const { rows } = await q.query(
    `SELECT t.id "taskId", t.title, a.n, a.model, coalesce(a.error_code, a.state) code, coalesce(a.error, '') error, a.ended_at "at"
     FROM attempt a JOIN task t ON t.id = a.task_id
     WHERE a.state IN ('FAILED', 'TIMED_OUT') AND coalesce(a.error_code, '') <> ALL($3) AND a.tier = $2 AND concat_ws(' ', coalesce(t.stage, 'BUILD'), t.route->>'type') = $1
     ORDER BY a.id DESC LIMIT 20`,
    [kind, tier, nobodysFault],
  );
  return rows;
}
