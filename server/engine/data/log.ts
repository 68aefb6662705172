import { AlaiError } from '#server/domain/errors.ts';
import type { LogEntry, LogPage } from '#server/domain/views/replay.ts';
import type { Db } from '#server/platform/db.ts';

const PAGE = 5_000;
/** Entities that a replay knows; steps and effects are read where they are shown. */
const told = ['pipeline', 'chain', 'task', 'attempt', 'escalation', 'dependency', 'finding'];
/** What of an event's data a replay reads. Descriptions, plans and routes stay where they are. */
const kept = [
  'title',
  'stage',
  'cycle',
  'chainId',
  'parentId',
  'origin',
  'projectId',
  'generation',
  'company',
  'tier',
  'verdict',
  'host',
  'slot',
  'model',
  'attempt',
  'n',
  'root',
  'rejects',
  'mergeReturns',
  'stages',
  'on',
  'met',
  'kind',
  'question',
  'to',
  'severity',
  'answer',
  'set',
];

type Row = Omit<LogEntry, 'data'> & { data: Record<string, unknown> };

/** Events of before the log held everything say the same in other places. */
function cut(e: Row): LogEntry {
  const data: Record<string, unknown> = {};
  for (const key of kept) if (e.data[key] !== undefined) data[key] = e.data[key];
  const route = e.data.route as { company?: string; tier?: number } | null | undefined;
  if (e.type === 'task.routed' || e.type === 'task.created') {
    data.company ??= route?.company;
    data.tier ??= route?.tier;
  }
  const plan = e.data.plan as { stages?: { stage: string; company: string }[] } | null | undefined;
  if (e.type === 'task.created' && plan) data.stage ??= plan.stages?.[0]?.stage;
  // A stage has its own company; the route of a chain's task is the one of the request.
  if (e.type === 'task.routed') delete data.company;
  const patch = e.data.patch as Record<string, unknown> | undefined;
  if (patch)
    data.patch = Object.fromEntries(
      ['title', 'projectId'].filter((k) => k in patch).map((k) => [k, patch[k]]),
    );
  return { ...e, data };
}

/**
 * The log of a pipeline in the order it was written, a page at a time. What a transaction wrote is there as a whole once it
 * is committed; one that took its numbers earlier and commits later shows when the log is read again. Throws NOT_FOUND.
 * @param after The `next` of the page before; 0 for the first.
 */
export async function readLog(db: Db, id: number, after: number): Promise<LogPage> {
  const known = await db.pool.query('SELECT 1 FROM pipeline WHERE id = $1', [id]);
  if (!known.rowCount)
    throw new AlaiError(
      'NOT_FOUND',
      `Pipeline #${id} does not exist.`,
      'Choose one from the list of pipelines.',
    );
  const { rows } = await db.pool.query<Row>(
    `SELECT e.seq::float8 seq, e.xid::text tx, e.at, e.type, e.entity, e.entity_id "entityId", e.from_state "from", e.to_state "to", e.actor,
       left(e.reason, 300) reason, e.task_id "taskId", e.data
     FROM (SELECT * FROM event WHERE task_id IN (SELECT t.id FROM task t WHERE t.pipeline_id = $1) AND seq > $2
           UNION ALL SELECT * FROM event WHERE task_id IS NULL AND pipeline_id = $1 AND seq > $2) e
     WHERE (e.entity = ANY($3) OR e.type = 'change.reverted') ORDER BY e.seq LIMIT $4`,
    [id, after, told, PAGE],
  );
  const last = rows.at(-1);
  return { entries: rows.map(cut), next: rows.length === PAGE && last ? last.seq : null };
}
