import type { Queryable } from '#server/platform/db.ts';

/**
 * A dependency written in the moment in which what it waits for ended is not in that ending's snapshot, and would wait for
 * ever. The sweep counts such down. Returns the tasks that wait for nothing any more.
 */
export async function countMissed(q: Queryable): Promise<number[]> {
  const { rows } = await q.query<{ id: number; unmet: number }>(
    `WITH late AS (
       SELECT d.task_id, d.on_task_id FROM dependency d JOIN task o ON o.id = d.on_task_id LEFT JOIN chain c ON c.id = o.chain_id
       WHERE d.satisfied_at IS NULL AND CASE WHEN d.kind = 'accepted' THEN c.accepted_at IS NOT NULL ELSE o.status = 'DONE' END
       ORDER BY 1, 2 LIMIT 200 FOR UPDATE OF d SKIP LOCKED),
     met AS (
       UPDATE dependency d SET satisfied_at = clock_timestamp() FROM late
       WHERE d.task_id = late.task_id AND d.on_task_id = late.on_task_id RETURNING d.task_id),
     agg AS (SELECT task_id, count(*)::int c FROM met GROUP BY 1)
     UPDATE task t SET unmet = greatest(t.unmet - agg.c, 0) FROM agg WHERE t.id = agg.task_id RETURNING t.id, t.unmet`,
  );
  return rows.filter((r) => r.unmet === 0).map((r) => r.id);
}
