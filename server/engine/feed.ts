import type { FeedEvent } from '#server/domain/views/feed.ts';
import type { Queryable } from '#server/platform/db.ts';

/** Position in the log: "<transaction id>-<sequence>". */
export type FeedCursor = string;
const START = '0-0';

function parse(cursor: FeedCursor): [string, string] {
  const m = /^(\d{1,20})-(\d{1,19})$/.exec(cursor);
  return m ? [m[1] as string, m[2] as string] : ['0', '0'];
}

/**
 * Events after `cursor`, oldest first, without gaps: only those of transactions below the oldest one still running, because
 * serial ids commit out of order and a reader that has passed a number would never see the late one.
 */
export async function readFeed(q: Queryable, cursor: FeedCursor | null, limit = 500): Promise<FeedEvent[]> {
  const [xid, seq] = parse(cursor ?? START);
  const { rows } = await q.query(
    `SELECT e.xid::text || '-' || e.seq id, e.type, e.entity, e.entity_id "entityId", e.task_id "taskId",
       coalesce(e.pipeline_id, t.pipeline_id) "pipelineId", coalesce(e.project_id, t.project_id) "projectId",
       e.from_state "from", e.to_state "to", e.actor, e.reason, e.at
     FROM event e LEFT JOIN task t ON t.id = e.task_id
     WHERE (e.xid, e.seq) > ($1::text::xid8, $2::bigint) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY e.xid, e.seq LIMIT $3`,
    [xid, seq, limit],
  );
  return rows;
}

/** Where the log ends now: a fresh reader starts here. */
export async function feedEnd(q: Queryable): Promise<FeedCursor> {
  const { rows } = await q.query<{ id: string }>(
    `SELECT xid::text || '-' || seq id FROM event WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid DESC, seq DESC LIMIT 1`,
  );
  return rows[0]?.id ?? START;
}
