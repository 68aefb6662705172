import { AlaiError } from '#server/domain/errors.ts';
import type { SessionLog } from '#server/domain/views/session-log.ts';
import type { EarlierWork } from '#server/domain/work.ts';
import type { Db, Queryable } from '#server/platform/db.ts';

/** A pipeline deeper than this is told from its near end. */
const MAX_HOPS = 8;
const MAX_ENTRIES = 60;

/**
 * What was done before this task in its pipeline: its own chain, then the accepted chains it waited for or grew out of,
 * nearest and newest first. Only finished tasks that reported.
 */
export async function readEarlier(q: Queryable, taskId: number): Promise<EarlierWork[]> {
  const { rows } = await q.query<EarlierWork>(
    `WITH RECURSIVE roots(id, hops) AS (
       SELECT coalesce(c.root_task_id, t.id), 0 FROM task t LEFT JOIN chain c ON c.id = t.chain_id WHERE t.id = $1
       UNION
       SELECT coalesce(c.root_task_id, o.id), r.hops + 1 FROM roots r
       CROSS JOIN LATERAL (
         SELECT d.on_task_id id FROM dependency d WHERE d.task_id = r.id
         UNION ALL SELECT p.parent_id FROM task p WHERE p.id = r.id AND p.parent_id IS NOT NULL
       ) e
       JOIN task o ON o.id = e.id LEFT JOIN chain c ON c.id = o.chain_id
       WHERE r.hops < $2
     ), near AS (SELECT id, min(hops) hops FROM roots GROUP BY id)
     SELECT x.id "taskId", x.title, near.hops, x.stage, x.cycle, x.company, x.verdict, x.report
     FROM near JOIN LATERAL (
       SELECT near.id
       UNION SELECT t.id FROM chain c JOIN task t ON t.chain_id = c.id WHERE c.root_task_id = near.id
     ) member ON true
     JOIN task x ON x.id = member.id
     LEFT JOIN chain c ON c.id = x.chain_id
     WHERE x.id <> $1 AND x.status = 'DONE' AND x.report IS NOT NULL
       AND (near.hops = 0 OR c.id IS NULL OR c.accepted_at IS NOT NULL)
     ORDER BY near.hops, x.finished_at DESC, x.id DESC LIMIT $3`,
    [taskId, MAX_HOPS, MAX_ENTRIES],
  );
  return rows;
}

/** What the agents of a whole pipeline did so far, the newest first. */
export async function readSessionLog(db: Db, pipelineId: number): Promise<SessionLog> {
  const [there, { rows }] = await Promise.all([
    db.pool.query('SELECT 1 FROM pipeline WHERE id = $1', [pipelineId]),
    db.pool.query<SessionLog[number]>(
      `SELECT id "taskId", title, stage, cycle, company, verdict, finished_at "finishedAt", report FROM task
       WHERE pipeline_id = $1 AND status = 'DONE' AND report IS NOT NULL ORDER BY finished_at DESC, id DESC LIMIT 500`,
      [pipelineId],
    ),
  ]);
  if (there.rowCount === 0)
    throw new AlaiError(
      'NOT_FOUND',
      `Pipeline #${pipelineId} does not exist.`,
      'Look it up with alai pipeline status.',
    );
  return rows;
}
