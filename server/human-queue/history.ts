import type { DecisionFacts, DecisionItem, DecisionPage } from '#server/domain/views/question.ts';
import type { Answer, EscalationKind } from '#server/domain/views/queue.ts';
import { neverByRule } from '#server/engine/escalation-policy.ts';
import { answeringRule } from '#server/engine/rules.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import type { Judged } from './patterns.ts';
import { mostSimilar } from './similar.ts';

/**
 * What became of the work after the answer took effect, worst first: it was taken back, done again, asked about again,
 * failed; else how far it came.
 */
const outcome = `CASE
  WHEN EXISTS (SELECT 1 FROM effect x WHERE x.chain_id = coalesce(e.chain_id, t.chain_id) AND x.kind = 'revert' AND x.state = 'DONE' AND x.settled_at > e.closed_at)
    THEN 'reverted'
  WHEN EXISTS (SELECT 1 FROM event v WHERE v.task_id IN (e.task_id, c.root_task_id) AND v.type = 'task.open'
    AND v.from_state IN ('DONE', 'FAILED', 'CANCELLED') AND v.at > e.closed_at) THEN 'reopened'
  WHEN e.answer <> 'reject' AND (
    EXISTS (SELECT 1 FROM escalation n WHERE n.task_id = e.task_id AND n.kind = e.kind AND n.asked_at > e.closed_at)
    OR EXISTS (SELECT 1 FROM escalation n WHERE n.chain_id = e.chain_id AND n.kind = e.kind AND n.asked_at > e.closed_at)) THEN 'asked again'
  WHEN t.status = 'FAILED' THEN 'failed'
  WHEN coalesce(c.state, t.status) = 'CANCELLED' THEN 'cancelled'
  WHEN EXISTS (SELECT 1 FROM effect x WHERE x.chain_id = coalesce(e.chain_id, t.chain_id) AND x.kind = 'integrate' AND x.state = 'DONE') THEN 'merged'
  WHEN coalesce(c.state, t.status) IN ('FINISHED', 'DONE', 'SKIPPED') THEN 'done'
  WHEN coalesce(c.state, t.status) IN ('ACTIVE', 'ACCEPTED', 'RUNNING', 'QUEUED') THEN 'running'
  ELSE 'waits' END`;

const from = `FROM escalation e LEFT JOIN task t ON t.id = e.task_id LEFT JOIN chain c ON c.id = coalesce(e.chain_id, t.chain_id)
  LEFT JOIN task r ON r.id = c.root_task_id`;

const columns = `e.id, e.kind, coalesce(t.title, r.title, e.question) title, coalesce(e.task_id, c.root_task_id) "taskId",
  coalesce(t.company, r.company) company, e.answer, e.answered_by "by", e.closed_at "at", e.note, ${answeringRule('e')} "ruleId", ${outcome} outcome`;

type Row = Omit<DecisionItem, 'regretted'>;

function judged(row: Row): DecisionItem {
  const undone = row.outcome === 'reverted' || row.outcome === 'reopened';
  const wrong = row.answer !== 'reject' && (row.outcome === 'failed' || row.outcome === 'asked again');
  return { ...row, regretted: undone || wrong };
}

export interface HistoryAsk {
  q: string;
  kind: EscalationKind | null;
  answer: Answer | null;
  by: string | null;
  since: Date | null;
  until: Date | null;
  cursor: number | null;
  limit: number;
}

/** Answers that took effect, newest first, with what became of them. */
export async function readDecisions(db: Db, ask: HistoryAsk): Promise<DecisionPage> {
  const where = `e.state = 'ANSWERED' AND ($1 = '' OR e.question ILIKE $2 OR e.note ILIKE $2 OR t.title ILIKE $2 OR r.title ILIKE $2
      OR coalesce(e.task_id, c.root_task_id)::text = ltrim($1, '#'))
    AND ($3::text IS NULL OR e.kind = $3) AND ($4::text IS NULL OR e.answer = $4) AND ($5::text IS NULL OR e.answered_by = $5)
    AND ($6::timestamptz IS NULL OR e.closed_at >= $6) AND ($7::timestamptz IS NULL OR e.closed_at < $7)`;
  const like = `%${ask.q.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;
  const values = [ask.q, like, ask.kind, ask.answer, ask.by, ask.since, ask.until];
  const [items, total, people] = await Promise.all([
    db.pool.query<Row>(
      `SELECT ${columns} ${from} WHERE ${where}
         AND ($8::bigint IS NULL OR (e.closed_at, e.id) < (SELECT closed_at, id FROM escalation WHERE id = $8))
       ORDER BY e.closed_at DESC, e.id DESC LIMIT $9`,
      [...values, ask.cursor, ask.limit + 1],
    ),
    db.pool.query<{ n: number }>(`SELECT count(*)::int n ${from} WHERE ${where}`, values),
    db.pool.query<{ name: string }>(
      `SELECT DISTINCT answered_by name FROM escalation WHERE state = 'ANSWERED' AND ${answeringRule('escalation')} IS NULL ORDER BY 1 LIMIT 50`,
    ),
  ]);
  const shown = items.rows.slice(0, ask.limit);
  return {
    items: shown.map(judged),
    total: total.rows[0]?.n ?? 0,
    cursor: items.rows.length > ask.limit ? (shown.at(-1)?.id ?? null) : null,
    people: people.rows.map((p) => p.name),
  };
}

/** Earlier answers to questions of the same kind about work that says much the same, and how they turned out. */
export async function readSimilar(
  q: Queryable,
  to: { id: number; kind: EscalationKind; title: string },
): Promise<DecisionItem[]> {
  const { rows: recent } = await q.query<{ id: number; title: string }>(
    `SELECT e.id, coalesce(t.title, r.title, e.question) title ${from}
     WHERE e.state = 'ANSWERED' AND e.kind = $1 AND e.id <> $2 ORDER BY e.closed_at DESC, e.id DESC LIMIT 500`,
    [to.kind, to.id],
  );
  const ids = mostSimilar(to.title, recent).map((r) => r.id);
  if (ids.length === 0) return [];
  const { rows } = await q.query<Row>(`SELECT ${columns} ${from} WHERE e.id = ANY($1)`, [ids]);
  return rows.map(judged).sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}

/** What people (not rules) decided in the last half year, as patterns read it. */
export async function readForPatterns(q: Queryable): Promise<Judged[]> {
  const { rows } = await q.query<Row & { facts: DecisionFacts }>(
    `SELECT ${columns}, e.facts ${from} WHERE e.state = 'ANSWERED' AND ${answeringRule('e')} IS NULL AND e.facts IS NOT NULL
       AND e.kind <> ALL($1) AND e.closed_at > now() - interval '180 days' ORDER BY e.closed_at DESC, e.id DESC LIMIT 2000`,
    [neverByRule],
  );
  return rows.map((r) => ({ ...judged(r), facts: r.facts }));
}
