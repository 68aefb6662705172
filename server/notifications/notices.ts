import { randomUUID } from 'node:crypto';
import { plain } from '#server/domain/plain.ts';
import { feedEnd } from '#server/engine/feed.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { rulesOf } from './data.ts';
import {
  endsQuestion,
  FLOOD,
  flooded,
  type LoggedEvent,
  MOST_TITLE,
  type NewNotice,
  noticeOf,
  planTelling,
} from './policy.ts';

const AT_ONCE = 500;

/**
 * Reads the log from where it was left, and writes a notice for what is worth one and a delivery for each channel that is told.
 * All of it and the new place in the log commit together: an event is told once, whatever ends this process.
 */
export async function noteEvents(db: Db, now: Date): Promise<number> {
  return await transaction(db, async (q) => {
    const { rows } = await q.query<{ cursor: string }>(
      'SELECT cursor FROM notification_cursor WHERE id = 1 FOR UPDATE',
    );
    const [row] = rows;
    if (!row) {
      // The first time: what was before is not news.
      await q.query('INSERT INTO notification_cursor(cursor) VALUES ($1) ON CONFLICT DO NOTHING', [
        await feedEnd(q),
      ]);
      return 0;
    }
    const events = await eventsAfter(q, row.cursor);
    const last = events.at(-1);
    if (!last) return 0;
    const channels = await readTold(q);
    for (const e of events) {
      if (endsQuestion(e.type)) await cancelWaiting(q, Number(e.entityId), e.type === 'escalation.answered');
      const notice = noticeOf(e);
      if (notice) await tell(q, notice, channels, now);
    }
    await q.query('UPDATE notification_cursor SET cursor = $1 WHERE id = 1', [last.id]);
    return events.length;
  });
}

async function eventsAfter(q: Queryable, cursor: string): Promise<LoggedEvent[]> {
  const [xid, seq] = cursor.split('-');
  const { rows } = await q.query<LoggedEvent>(
    `SELECT e.xid::text || '-' || e.seq id, e.type, e.entity_id "entityId", coalesce(e.task_id, x.task_id) "taskId",
       coalesce(e.pipeline_id, t.pipeline_id) "pipelineId", e.actor, e.reason, e.data,
       CASE WHEN x.id IS NULL THEN NULL ELSE jsonb_build_object('kind', x.kind, 'question', x.question, 'why', x.why,
         'assignedTo', x.assigned_to, 'times', x.asked_times) END question,
       coalesce(CASE WHEN e.entity = 'pipeline' THEN p.title END, t.title) title
     FROM event e
       LEFT JOIN escalation x ON x.id = CASE WHEN e.entity = 'escalation' THEN e.entity_id::bigint END
       LEFT JOIN task t ON t.id = coalesce(e.task_id, CASE WHEN e.entity = 'task' THEN e.entity_id::bigint END)
       LEFT JOIN pipeline p ON p.id = CASE WHEN e.entity = 'pipeline' THEN e.entity_id::bigint END
     WHERE (e.xid, e.seq) > ($1::text::xid8, $2::bigint) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY e.xid, e.seq LIMIT $3`,
    [xid, seq, AT_ONCE],
  );
  return rows;
}

async function cancelWaiting(q: Queryable, escalationId: number, answered: boolean): Promise<void> {
  await q.query(
    `UPDATE notice_delivery d SET state = 'CANCELLED', reason = $2, ended_at = clock_timestamp()
     FROM notice n WHERE n.id = d.notice_id AND n.escalation_id = $1 AND d.state = 'WAITING' AND d.replayed_by IS NULL`,
    [escalationId, answered ? 'Answered before it was sent' : 'Withdrawn before it was sent'],
  );
}

const MOST_BODY = 4_000;
/** Text of agents and tasks as it may stand in a subject or on a lock screen: one line, nothing hidden, nothing turned around. */
const oneLine = (text: string) => plain(text).replace(/\s+/g, ' ').slice(0, MOST_TITLE);

interface Told {
  id: number;
  user_id: string | null;
  rules: unknown;
  /** Told one by one in the last minutes. */
  lately: number;
}

async function readTold(q: Queryable): Promise<Told[]> {
  const { rows } = await q.query<Told>(
    `SELECT c.id, c.user_id, c.rules, (SELECT count(*)::int FROM (SELECT 1 FROM notice_delivery d
       WHERE d.channel_id = c.id AND NOT d.digest AND d.created_at > clock_timestamp() - make_interval(secs => $1 / 1000.0)
       ORDER BY d.created_at LIMIT $2) late) lately
     FROM notification_channel c LEFT JOIN app_user u ON u.id = c.user_id
     WHERE c.enabled AND (c.user_id IS NULL OR u.disabled_at IS NULL)`,
    [FLOOD.withinMs, FLOOD.most],
  );
  return rows;
}

/** One row for the notice, one for each channel that is told; nothing when the same thing was told before. */
async function tell(q: Queryable, n: NewNotice, channels: Told[], now: Date): Promise<void> {
  const { rows } = await q.query<{ id: number }>(
    `INSERT INTO notice(key, kind, severity, title, body, path, escalation_id, task_id, pipeline_id, for_user)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING RETURNING id`,
    [
      n.key,
      n.kind,
      n.severity,
      oneLine(n.title),
      plain(n.body).slice(0, MOST_BODY),
      n.path,
      n.escalationId,
      n.taskId,
      n.pipelineId,
      n.forUser,
    ],
  );
  const id = rows[0]?.id;
  if (id === undefined) return;
  const own = channels.filter((c) => c.user_id !== null && c.user_id === n.forUser);
  // What is one person's goes to him; where he has no channel of his own, to those of all.
  const told =
    n.forUser === null ? channels : own.length > 0 ? own : channels.filter((c) => c.user_id === null);
  const rowsOf = told.flatMap((c) => {
    const wanted = planTelling(rulesOf(c.rules), n.severity, now);
    if (!wanted) return [];
    const plan = c.lately >= FLOOD.most ? flooded(wanted, now) : wanted;
    if (!plan.digest) c.lately += 1;
    return [{ channel: c.id, key: randomUUID(), digest: plan.digest, at: plan.at, reason: plan.because }];
  });
  if (rowsOf.length === 0) return;
  await q.query(
    `INSERT INTO notice_delivery(notice_id, channel_id, idempotency_key, digest, next_at, reason)
     SELECT $1, r.channel, r.key, r.digest, r.at, r.reason
     FROM jsonb_to_recordset($2::jsonb) r(channel bigint, key text, digest boolean, at timestamptz, reason text)`,
    [id, JSON.stringify(rowsOf)],
  );
}
