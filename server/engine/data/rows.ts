import { type Patience, statusOf } from '#server/domain/looks.ts';
import type { Stage, TaskStatus, Verdict } from '#server/domain/status.ts';
import { overdueAfter, type Timing } from '#server/domain/timing.ts';
import type { EscalationKind } from '#server/domain/views/queue.ts';
import type { StatusView } from '#server/domain/views/status.ts';
import type { Queryable } from '#server/platform/db.ts';

/** One task as lists and graphs need it: its row, its live attempt, what it cost, and the question about it. */
export interface TaskRow {
  id: number;
  title: string;
  status: TaskStatus;
  stage: Stage | null;
  cycle: number;
  generation: number;
  verdict: Verdict | null;
  priority: 'H' | 'M' | 'L';
  tags: string[];
  origin: string;
  project_id: string | null;
  project_name: string | null;
  pipeline_id: number;
  chain_id: number | null;
  parent_id: number | null;
  company: string | null;
  tier: number | null;
  host: string | null;
  unmet: number;
  created_at: Date;
  waiting_since: Date | null;
  /** When what it waits for is tried next; null where it waits for nothing that has a time. */
  next_try_at: Date | null;
  started_at: Date | null;
  finished_at: Date | null;
  slot: number | null;
  attempt: { started_at: Date; heard_at: Date; last_progress_at: Date } | null;
  asks: { id: number; kind: EscalationKind; state: string; asked_at: Date; answer: string | null } | null;
  cost_eur: number;
  tokens_in: number;
  tokens_out: number;
  scripted: boolean;
  findings: number;
  fate: 'reverted' | 'discarded' | null;
}

/** The columns of a TaskRow, over `task t`; the caller adds the WHERE. */
const select = `
  SELECT t.id, t.title, t.status, t.stage, t.cycle, t.generation, t.verdict, t.priority, t.tags, t.origin, t.project_id,
    p.name project_name, t.pipeline_id, t.chain_id, t.parent_id, t.company, t.tier, t.unmet, t.created_at,
    coalesce(t.waiting_since, t.queued_at) waiting_since,
    CASE WHEN t.status = 'QUEUED' AND t.wait_for <> 'budget' AND t.wait_until > clock_timestamp() THEN t.wait_until END next_try_at,
    t.started_at, t.finished_at, CASE WHEN t.status = 'OPEN' THEN NULL ELSE t.host END host,
    live.slot, live.started_at live_started, live.heard_at live_heard, live.last_progress_at live_progress,
    e.id ask_id, e.kind ask_kind, e.state ask_state, e.asked_at ask_at, e.answer ask_answer,
    coalesce(spent.cost, 0)::float8 cost_eur, coalesce(spent.tokens_in, 0)::int8 tokens_in,
    coalesce(spent.tokens_out, 0)::int8 tokens_out, coalesce(spent.scripted, false) scripted,
    (SELECT count(*)::int FROM finding f WHERE f.task_id = t.id) findings,
    CASE WHEN t.status = 'DONE' AND t.stage = 'BUILD' THEN (
      SELECT CASE WHEN c.state = 'CANCELLED' THEN 'discarded' WHEN EXISTS (
        SELECT 1 FROM effect v WHERE v.chain_id = c.id AND v.kind = 'revert' AND v.state = 'DONE') THEN 'reverted' END
      FROM chain c WHERE c.id = t.chain_id) END fate
  FROM task t
  LEFT JOIN project p ON p.id = t.project_id
  LEFT JOIN attempt live ON live.task_id = t.id AND live.state IN ('LEASED', 'RUNNING')
  LEFT JOIN LATERAL (
    SELECT e.* FROM escalation e WHERE e.task_id = t.id AND e.state IN ('OPEN', 'PENDING') ORDER BY e.id DESC LIMIT 1
  ) e ON true
  LEFT JOIN LATERAL (
    SELECT sum(a.cost_eur) cost, sum(a.tokens_in) tokens_in, sum(a.tokens_out) tokens_out, bool_or(a.scripted) scripted
    FROM attempt a WHERE a.task_id = t.id
  ) spent ON true`;

interface RawRow extends Omit<TaskRow, 'attempt' | 'asks'> {
  live_started: Date | null;
  live_heard: Date;
  live_progress: Date;
  ask_id: number | null;
  ask_kind: EscalationKind;
  ask_state: string;
  ask_at: Date;
  ask_answer: string | null;
}

/** Reads tasks with everything their status is derived from. `where` is SQL of ours over `t`, never text from outside. */
export async function readTasks(q: Queryable, where: string, values: unknown[]): Promise<TaskRow[]> {
  const { rows } = await q.query<RawRow>(`${select} WHERE ${where}`, values);
  return rows.map(
    ({ live_started, live_heard, live_progress, ask_id, ask_kind, ask_state, ask_at, ask_answer, ...t }) => ({
      ...t,
      attempt: live_started
        ? { started_at: live_started, heard_at: live_heard, last_progress_at: live_progress }
        : null,
      asks:
        ask_id === null
          ? null
          : { id: ask_id, kind: ask_kind, state: ask_state, asked_at: ask_at, answer: ask_answer },
    }),
  );
}

/** The database's clock and the patience of this installation. */
export async function patience(q: Queryable, timing: Timing): Promise<Patience> {
  const { rows } = await q.query<{ now: Date }>('SELECT clock_timestamp() now');
  return { now: rows[0]?.now ?? new Date(), suspicious: timing.suspicious, overdue: overdueAfter(timing) };
}

export const taskStatus = (t: TaskRow, p: Patience): StatusView => statusOf(t, p);
