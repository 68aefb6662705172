import type { Queryable } from '#server/platform/db.ts';

/** What the attempts of a task came to since a person last let it go on. */
export interface Tries {
  tried: number;
  /** Of those that were no failure of the work: how many ended at their model, unanswered. */
  unanswered: number;
  /** Between them it neither ran nor was finished, in milliseconds. */
  waitedMs: number;
}

/** Counts the attempts that ended without an end of the task; what asked a person or was handed back is no try. */
export async function triesOf(q: Queryable, taskId: number): Promise<Tries> {
  const { rows } = await q.query<Tries>(
    `SELECT count(*)::int tried,
       count(*) FILTER (WHERE a.error_code LIKE 'MODEL\\_%' OR a.error_code LIKE 'PROVIDER\\_%')::int unanswered,
       coalesce(extract(epoch FROM clock_timestamp() - min(a.started_at) - sum(a.ended_at - a.started_at)) * 1000, 0)::float8 "waitedMs"
     FROM attempt a JOIN task t ON t.id = a.task_id AND t.generation = a.generation
     WHERE a.task_id = $1 AND a.state IN ('FAILED', 'LOST', 'TIMED_OUT')
       AND a.started_at > coalesce((SELECT max(e.closed_at) FROM escalation e WHERE e.task_id = $1 AND e.state = 'ANSWERED'
         AND e.kind NOT IN ('question', 'permission', 'consent', 'budget')), '-infinity')`,
    [taskId],
  );
  return rows[0] as Tries;
}

const times = (n: number) => (n === 1 ? 'once' : `${n} times`);
const span = (ms: number): string =>
  ms < 90_000
    ? `${Math.round(ms / 1_000)} s`
    : ms < 90 * 60_000
      ? `${Math.round(ms / 60_000)} min`
      : `${(ms / 3_600_000).toFixed(1)} h`;

/** "Tried 16 times: 13 were not answered, 3 counted as failures." Null where every try counted: then the failures say it all. */
export function triesText(t: Tries, failed: number): string | null {
  const others = t.tried - failed;
  if (others <= 0) return null;
  const ended =
    t.unanswered >= others ? 'not answered' : t.unanswered === 0 ? 'lost' : 'not answered or lost';
  const counted = failed === 0 ? 'none counted as a failure' : `${failed} counted as failures`;
  const waited = t.waitedMs >= 1_000 ? `, and it waited ${span(t.waitedMs)} in all` : '';
  return `Tried ${times(t.tried)}: ${others} ${others === 1 ? 'was' : 'were'} ${ended}, ${
    failed === 1 ? '1 counted as a failure' : counted
  }${waited}.`;
}
