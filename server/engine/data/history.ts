import type { HistoryEntry } from '#server/domain/views/forecast.ts';
import type { Db } from '#server/platform/db.ts';

/** How far back the middle of "how long does this take" looks. */
const RECENT = 2_000;

/**
 * How long each stage took lately, by company and over all of them (company null). Only what agents did: work done by hand
 * says nothing about agents.
 */
export async function readHistory(db: Db): Promise<HistoryEntry[]> {
  const { rows } = await db.pool.query<HistoryEntry>(
    `WITH recent AS (
       SELECT t.stage, t.company, extract(epoch FROM t.finished_at - t.started_at) * 1000 ms
       FROM (SELECT * FROM task WHERE status = 'DONE' AND started_at IS NOT NULL ORDER BY id DESC LIMIT $1) t
       WHERE EXISTS (SELECT 1 FROM attempt a WHERE a.task_id = t.id AND a.generation = t.generation AND a.state = 'SUCCEEDED'))
     SELECT stage, company, count(*)::int n,
       percentile_cont(0.25) WITHIN GROUP (ORDER BY ms)::float8 "lowMs", percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::float8 "medianMs",
       percentile_cont(0.75) WITHIN GROUP (ORDER BY ms)::float8 "highMs"
     FROM recent GROUP BY GROUPING SETS ((stage, company), (stage)) HAVING GROUPING(company) = 1 OR company IS NOT NULL
     ORDER BY 1, 2`,
    [RECENT],
  );
  return rows;
}
