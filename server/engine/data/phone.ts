import { MANY_LOST } from '#server/domain/looks.ts';
import { overdueAfter, type Timing } from '#server/domain/timing.ts';
import type { Phone } from '#server/domain/views/phone.ts';
import type { Db } from '#server/platform/db.ts';

export type Pulse = Pick<
  Phone,
  | 'title'
  | 'queued'
  | 'stuck'
  | 'restarted'
  | 'oldestAskedAt'
  | 'blocked'
  | 'spentYesterdayEur'
  | 'finishedToday'
  | 'lastFinished'
  | 'slow'
>;

/** How many finished attempts of a stage it takes before one may be called slow. */
const ENOUGH = 5;

interface CountRow {
  queued: number;
  oldest: Date | null;
  blocked: number;
  yesterday: number;
  finished: number;
  names: string[];
}

async function readCounts(db: Db): Promise<CountRow> {
  const { rows } = await db.pool.query<CountRow>(
    `SELECT (SELECT count(*)::int FROM task WHERE status = 'QUEUED') queued,
       (SELECT min(asked_at) FROM escalation WHERE state = 'OPEN') oldest,
       (SELECT count(DISTINCT d.task_id)::int FROM escalation e LEFT JOIN task t ON t.id = e.task_id
          LEFT JOIN chain c ON c.id = coalesce(e.chain_id, t.chain_id)
          JOIN dependency d ON d.on_task_id = coalesce(c.root_task_id, e.task_id) AND d.satisfied_at IS NULL
        WHERE e.state = 'OPEN') blocked,
       (SELECT coalesce(sum(cost_eur), 0)::float8 FROM paid_call
        WHERE at >= date_trunc('day', now()) - interval '1 day' AND at < now() - interval '1 day') yesterday,
       (SELECT count(*)::int FROM chain WHERE state = 'FINISHED' AND finished_at >= date_trunc('day', now())) finished,
       (SELECT coalesce(array_agg(name ORDER BY latest DESC), '{}') FROM (
          SELECT p.name, max(x.id) latest FROM pipeline x JOIN project p ON p.id = x.project_id
          WHERE x.finished_at IS NULL GROUP BY p.id, p.name) live) names`,
  );
  return rows[0] as CountRow;
}

/** What the phone's sentences say beside what the strip knows. */
export async function readPulse(db: Db, timing: Timing): Promise<Pulse> {
  const [c, stuck, restarted, finished, slow] = await Promise.all([
    readCounts(db),
    db.pool.query<Pulse['stuck'][number]>(
      `SELECT a.task_id "taskId", t.title, a.host, least(a.heard_at, a.last_progress_at) since,
         a.heard_at < clock_timestamp() - make_interval(secs => $2 / 1000.0) unheard
       FROM attempt a JOIN task t ON t.id = a.task_id WHERE a.state IN ('LEASED', 'RUNNING')
         AND (a.last_progress_at < clock_timestamp() - make_interval(secs => $1 / 1000.0)
           OR a.heard_at < clock_timestamp() - make_interval(secs => $2 / 1000.0)) ORDER BY since LIMIT 20`,
      [timing.suspicious, overdueAfter(timing)],
    ),
    db.pool.query<NonNullable<Pulse['restarted']>>(
      `SELECT * FROM (
         SELECT a.task_id "taskId", t.title, a.ended_at at, (count(*) OVER ())::int times FROM attempt a JOIN task t ON t.id = a.task_id
         WHERE a.state IN ('LOST', 'TIMED_OUT') AND a.ended_at > now() - interval '6 hours') lost
       WHERE at > now() - interval '1 hour' OR times >= $1 ORDER BY at DESC LIMIT 1`,
      [MANY_LOST],
    ),
    db.pool.query<NonNullable<Pulse['lastFinished']>>(
      `SELECT c.root_task_id "taskId", t.title, c.finished_at at FROM chain c JOIN task t ON t.id = c.root_task_id
       WHERE c.state = 'FINISHED' ORDER BY c.finished_at DESC LIMIT 1`,
    ),
    db.pool.query<Pulse['slow'][number]>(
      `WITH past AS (
         SELECT t.stage, extract(epoch FROM a.ended_at - a.started_at) * 1000 ms FROM attempt a JOIN task t ON t.id = a.task_id
         WHERE a.state = 'SUCCEEDED' ORDER BY a.id DESC LIMIT 2000),
       usual AS (SELECT stage, percentile_cont(0.9) WITHIN GROUP (ORDER BY ms) p90 FROM past GROUP BY stage HAVING count(*) >= $1)
       SELECT a.task_id "taskId", t.title, t.stage, u.p90::float8 "usualMs",
         (extract(epoch FROM clock_timestamp() - a.started_at) * 1000)::float8 "runningMs"
       FROM attempt a JOIN task t ON t.id = a.task_id JOIN usual u ON u.stage IS NOT DISTINCT FROM t.stage
       WHERE a.state IN ('LEASED', 'RUNNING') AND extract(epoch FROM clock_timestamp() - a.started_at) * 1000 > u.p90
       ORDER BY "runningMs" DESC LIMIT 20`,
      [ENOUGH],
    ),
  ]);
  const [first, ...more] = c.names;
  return {
    title: first ? (more.length > 0 ? `${first} and ${more.length} more` : first) : 'Mission Control',
    queued: c.queued,
    stuck: stuck.rows,
    restarted: restarted.rows[0] ?? null,
    oldestAskedAt: c.oldest,
    blocked: c.blocked,
    spentYesterdayEur: c.yesterday,
    finishedToday: c.finished,
    lastFinished: finished.rows[0] ?? null,
    slow: slow.rows,
  };
}
