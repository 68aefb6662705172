import { answersTaken } from '#server/domain/answers.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { FindingView } from '#server/domain/views/evidence.ts';
import type { CaseView, Person } from '#server/domain/views/question.ts';
import type { EscalationItem, EscalationKind, QueueView } from '#server/domain/views/queue.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import type { Elsewhere } from '#server/engine/account-question.ts';
import { readChanges, readGates } from '#server/engine/data/evidence.ts';
import { patience, readTasks, taskStatus } from '#server/engine/data/rows.ts';
import { escalationDigest } from '#server/engine/escalation.ts';
import { answeringRule } from '#server/engine/rules.ts';
import type { RaiseOffer } from '#server/engine/short-of-money.ts';
import type { Db } from '#server/platform/db.ts';
import { readAsker, readForecast, readOffer, readSpent } from './facts.ts';
import { readSimilar } from './history.ts';
import { consequencesOf, stageOnApproval, suggestedReasons } from './policy.ts';

interface Row {
  id: number;
  kind: EscalationItem['kind'];
  state: EscalationItem['state'];
  question: string;
  why: string;
  context: {
    lastTask?: number;
    pattern?: string;
    budget?: RaiseOffer;
    service?: string;
    elsewhere?: Elsewhere | null;
  };
  text: string | null;
  task_id: number | null;
  chain_id: number | null;
  pipeline_id: number | null;
  root_task_id: number | null;
  title: string | null;
  blocks: number;
  asked_at: Date;
  asked_times: number;
  answer: 'approve' | 'send_back' | 'reject' | null;
  answered_by: string | null;
  note: string;
  effective_at: Date | null;
  closed_at: Date | null;
  expires_at: Date;
  company: string | null;
  assigned_to: string | null;
  assigned_by: string | null;
  assignee: string | null;
  rule_id: number | null;
}

const columns = `e.id, e.kind, e.state, e.question, e.why, e.context, e.task_id, coalesce(e.chain_id, t.chain_id) chain_id, e.pipeline_id,
    coalesce(c.root_task_id, e.task_id) root_task_id, coalesce(t.title, r.title) title, coalesce(t.company, r.company) company,
    e.asked_at, e.asked_times, e.answer, e.answered_by, e.note, e.effective_at, e.closed_at, e.expires_at,
    e.assigned_to, e.assigned_by, u.name assignee, ${answeringRule('e')} rule_id`;
const from = `FROM escalation e
  LEFT JOIN task t ON t.id = e.task_id
  LEFT JOIN chain c ON c.id = coalesce(e.chain_id, t.chain_id)
  LEFT JOIN task r ON r.id = c.root_task_id
  LEFT JOIN app_user u ON u.id = e.assigned_to`;
const blocks = `(SELECT count(*)::int FROM dependency d WHERE d.on_task_id = coalesce(c.root_task_id, e.task_id) AND d.satisfied_at IS NULL) blocks`;

const itemOf = (e: Row): EscalationItem => ({
  id: e.id,
  kind: e.kind,
  state: e.state,
  title: e.title ?? e.question,
  taskId: e.task_id ?? e.root_task_id,
  chainId: e.chain_id,
  pipelineId: e.pipeline_id,
  blocks: e.blocks,
  company: e.company,
  assigned: e.assigned_to ? { id: e.assigned_to, name: e.assignee ?? e.assigned_to } : null,
  askedAt: e.asked_at,
  askedTimes: e.asked_times,
  pending:
    e.state === 'PENDING' && e.answer && e.effective_at
      ? { answer: e.answer, by: e.answered_by ?? '', effectiveAt: e.effective_at, note: e.note }
      : null,
  decision:
    e.state === 'ANSWERED' && e.answer && e.closed_at
      ? { answer: e.answer, by: e.answered_by ?? '', at: e.closed_at, note: e.note }
      : null,
});

/** What kind of question this is, and who answered it; null when there is none. */
export async function readKind(
  db: Db,
  id: number,
): Promise<{ kind: EscalationKind; answeredBy: string | null } | null> {
  const { rows } = await db.pool.query<{ kind: EscalationKind; answeredBy: string | null }>(
    'SELECT kind, answered_by "answeredBy" FROM escalation WHERE id = $1',
    [id],
  );
  return rows[0] ?? null;
}

export interface QueueAsk {
  limit: number;
  kind: EscalationKind | null;
  /** Only what was given to this person. */
  assignedTo: string | null;
  q: string;
}

/** What waits, by work blocked x age, as many as asked for; and what was answered in the last day. */
export async function readQueue(
  db: Db,
  ask: QueueAsk = { limit: 100, kind: null, assignedTo: null, q: '' },
): Promise<QueueView> {
  const like = `%${ask.q.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;
  const where = `e.state = 'OPEN' AND ($1::text IS NULL OR e.kind = $1) AND ($2::text IS NULL OR e.assigned_to = $2)
    AND ($3 = '%%' OR e.question ILIKE $3 OR t.title ILIKE $3 OR r.title ILIKE $3)`;
  const values = [ask.kind, ask.assignedTo, like];
  const [open, total, pending, closed] = await Promise.all([
    db.pool.query<Row>(
      `WITH held AS MATERIALIZED (SELECT on_task_id, count(*)::int n FROM dependency WHERE satisfied_at IS NULL GROUP BY 1)
       SELECT ${columns}, coalesce(held.n, 0) blocks ${from} LEFT JOIN held ON held.on_task_id = coalesce(c.root_task_id, e.task_id)
       WHERE ${where} ORDER BY (coalesce(held.n, 0) + 1) * extract(epoch FROM now() - e.asked_at) DESC, e.id LIMIT $4`,
      [...values, ask.limit],
    ),
    db.pool.query<{ n: number }>(`SELECT count(*)::int n ${from} WHERE ${where}`, values),
    db.pool.query<Row>(
      `SELECT ${columns}, ${blocks} ${from} WHERE e.state = 'PENDING' ORDER BY e.id DESC LIMIT 200`,
    ),
    // The index on closed_at gives the newest without looking at the others.
    db.pool.query<Row>(`SELECT ${columns}, ${blocks} ${from}
      WHERE e.state IN ('ANSWERED', 'WITHDRAWN') AND e.closed_at > now() - interval '24 hours'
      ORDER BY e.closed_at DESC, e.id DESC LIMIT 200`),
  ]);
  const answered = [...pending.rows, ...closed.rows];
  return { open: open.rows.map(itemOf), answered: answered.map(itemOf), total: total.rows[0]?.n ?? 0 };
}

/** People who may be given a question. */
export async function readPeople(db: Db): Promise<Person[]> {
  const { rows } = await db.pool.query<Person>(
    `SELECT id, name, role FROM app_user WHERE disabled_at IS NULL AND role IN ('ceo', 'operator') ORDER BY name, id LIMIT 200`,
  );
  return rows;
}

/** One question with everything that is needed to decide it, and the digest of exactly that. Throws NOT_FOUND. */
export async function readEscalation(db: Db, timing: Timing, id: number): Promise<CaseView> {
  const { rows } = await db.pool.query<Row>(
    `SELECT ${columns}, ${blocks}, coalesce(t.description, r.description) text ${from} WHERE e.id = $1`,
    [id],
  );
  const e = rows[0];
  if (!e)
    throw new AlaiError(
      'NOT_FOUND',
      'This question does not exist.',
      'Open the queue and choose from the list.',
    );
  const subject = e.task_id ?? e.context.lastTask ?? e.root_task_id;
  const about = {
    kind: e.kind,
    taskId: subject,
    chainId: e.chain_id,
    pattern: e.context.pattern ?? null,
  };
  const [digest, asker, spent, similar, [task], blocked, findings, p] = await Promise.all([
    escalationDigest(db.pool, id),
    readAsker(db.pool, about),
    readSpent(db.pool, about),
    readSimilar(db.pool, { id, kind: e.kind, title: e.title ?? e.question }),
    subject === null ? [] : readTasks(db.pool, 't.id = $1', [subject]),
    e.root_task_id === null
      ? []
      : readTasks(
          db.pool,
          't.id IN (SELECT task_id FROM dependency WHERE on_task_id = $1 AND satisfied_at IS NULL) ORDER BY t.id',
          [e.root_task_id],
        ),
    db.pool.query<FindingView>(
      `SELECT f.id, f.task_id "taskId", f.severity, f.title, f.detail, f.file, f.line, f.evidence, f.mend_task_id "followUpTaskId",
         f.mended_at IS NOT NULL mended FROM finding f WHERE f.task_id = $1 ORDER BY f.id`,
      [subject],
    ),
    patience(db.pool, timing),
  ]);
  // What was built is what is judged, also when the question came from a later stage.
  const built = await db.pool.query<{ id: number; report: { taskSummary?: string } | null }>(
    `SELECT t.id, t.report FROM task t WHERE ($1::bigint IS NOT NULL AND t.chain_id = $1 OR t.id = $2)
       AND EXISTS (SELECT 1 FROM proof p WHERE p.task_id = t.id AND p.patch_hash IS NOT NULL) ORDER BY t.id DESC LIMIT 1`,
    [e.chain_id, subject],
  );
  const source = built.rows[0]?.id ?? subject;
  const [gates, changes] =
    source === null ? [[], null] : await Promise.all([readGates(db, source), readChanges(db, source)]);
  const evidence: CaseView['evidence'] = gates
    .slice(-8)
    .map((g) => ({ observed: g.observed, ok: g.ok, text: `${g.gate}: ${g.detail}`, ms: g.ms }));
  const said = built.rows[0]?.report?.taskSummary;
  if (said) evidence.push({ observed: 'agent', ok: null, text: said, ms: null });
  const stage = asker.askedBy.stage;
  const starts = stageOnApproval(e.kind, asker.plan, stage);
  const next = await readForecast(db.pool, starts, asker.company);
  const ref = (t: (typeof blocked)[number]): TaskView['blocks'][number] => ({
    id: t.id,
    title: t.title,
    stage: t.stage,
    status: taskStatus(t, p),
  });
  return {
    ...itemOf(e),
    question: e.question,
    text: e.text ?? '',
    why: e.why,
    digest: digest ?? '',
    task: task ? ref(task) : null,
    company: task?.company ?? e.company,
    tier: task?.tier ?? null,
    evidence,
    findings: findings.rows,
    changes: changes && changes.files.length > 0 ? changes : null,
    consequences: consequencesOf({
      kind: e.kind,
      taskId: e.task_id ?? e.root_task_id,
      blocked: blocked.map((t) => t.id),
      files: changes?.files.length ?? 0,
      project: task?.project_name ?? null,
      offered: answersTaken(e.kind, e.context),
      next: starts,
      stage,
      budget: await readOffer(db.pool, e.context.budget ?? null),
      service: e.context.service ?? null,
      elsewhere: e.context.elsewhere ?? null,
    }),
    suggestedReasons: suggestedReasons(
      e.kind,
      findings.rows.map((f) => f.title),
      e.question,
    ),
    blockedTasks: blocked.map(ref),
    askedBy: asker.askedBy,
    expiresAt: e.expires_at,
    size:
      changes && changes.files.length > 0
        ? {
            files: changes.files.length,
            added: changes.files.reduce((n, f) => n + f.added, 0),
            removed: changes.files.reduce((n, f) => n + f.removed, 0),
          }
        : null,
    spent,
    next,
    similar,
    withdrawn: e.state === 'WITHDRAWN' ? e.note : null,
    assigned: e.assigned_to
      ? { id: e.assigned_to, name: e.assignee ?? e.assigned_to, by: e.assigned_by ?? '' }
      : null,
    ruleId: e.rule_id,
    sourceTaskId: source,
  };
}
