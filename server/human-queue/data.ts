import { AlaiError } from '#server/domain/errors.ts';
import type { Timing } from '#server/domain/timing.ts';
import type {
  EscalationItem,
  EscalationView,
  FindingView,
  QueueView,
  TaskView,
} from '#server/domain/views.ts';
import { readChanges, readGates } from '#server/engine/data/evidence.ts';
import { patience, readTasks, taskStatus } from '#server/engine/data/rows.ts';
import { answersOf } from '#server/engine/decide.ts';
import { escalationDigest } from '#server/engine/escalation.ts';
import type { Db } from '#server/platform/db.ts';
import { consequencesOf, suggestedReasons } from './policy.ts';

interface Row {
  id: number;
  kind: EscalationItem['kind'];
  state: EscalationItem['state'];
  question: string;
  why: string;
  context: { lastTask?: number };
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
}

const select = `
  SELECT e.id, e.kind, e.state, e.question, e.why, e.context, e.task_id, coalesce(e.chain_id, t.chain_id) chain_id, e.pipeline_id,
    coalesce(c.root_task_id, e.task_id) root_task_id, coalesce(t.title, r.title) title,
    coalesce(t.description, r.description) text,
    (SELECT count(*)::int FROM dependency d WHERE d.on_task_id = coalesce(c.root_task_id, e.task_id) AND d.satisfied_at IS NULL) blocks,
    e.asked_at, e.asked_times, e.answer, e.answered_by, e.note, e.effective_at, e.closed_at
  FROM escalation e
  LEFT JOIN task t ON t.id = e.task_id
  LEFT JOIN chain c ON c.id = coalesce(e.chain_id, t.chain_id)
  LEFT JOIN task r ON r.id = c.root_task_id`;

const itemOf = (e: Row): EscalationItem => ({
  id: e.id,
  kind: e.kind,
  state: e.state,
  title: e.title ?? e.question,
  taskId: e.task_id ?? e.root_task_id,
  chainId: e.chain_id,
  pipelineId: e.pipeline_id,
  blocks: e.blocks,
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

/** Questions that only the owner of the machine may answer: commands would run with his rights. */
export async function isForTheOwner(db: Db, id: number): Promise<boolean> {
  const { rows } = await db.pool.query<{ kind: EscalationItem['kind'] }>(
    'SELECT kind FROM escalation WHERE id = $1',
    [id],
  );
  return rows[0]?.kind === 'consent';
}

/** What waits, by work blocked x age, and what was answered in the last day. */
export async function readQueue(db: Db): Promise<QueueView> {
  const [open, answered] = await Promise.all([
    db.pool.query<Row>(`SELECT * FROM (${select} WHERE e.state = 'OPEN') x
      ORDER BY (blocks + 1) * extract(epoch FROM clock_timestamp() - asked_at) DESC, id LIMIT 1000`),
    db.pool.query<Row>(`${select} WHERE e.state = 'PENDING' OR (e.state IN ('ANSWERED', 'WITHDRAWN') AND e.closed_at > now() - interval '24 hours')
      ORDER BY e.state = 'PENDING' DESC, e.closed_at DESC NULLS FIRST, e.id DESC LIMIT 200`),
  ]);
  return { open: open.rows.map(itemOf), answered: answered.rows.map(itemOf) };
}

/** One question with everything that is needed to decide it, and the digest of exactly that. Throws NOT_FOUND. */
export async function readEscalation(db: Db, timing: Timing, id: number): Promise<EscalationView> {
  const { rows } = await db.pool.query<Row>(`${select} WHERE e.id = $1`, [id]);
  const e = rows[0];
  if (!e)
    throw new AlaiError(
      'NOT_FOUND',
      'This question does not exist.',
      'Open the queue and choose from the list.',
    );
  const subject = e.task_id ?? e.context.lastTask ?? e.root_task_id;
  const [digest, [task], blocked, findings, p] = await Promise.all([
    escalationDigest(db.pool, id),
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
  const evidence: EscalationView['evidence'] = gates
    .slice(-8)
    .map((g) => ({ observed: g.observed, ok: g.ok, text: `${g.gate}: ${g.detail}`, ms: g.ms }));
  const said = built.rows[0]?.report?.taskSummary;
  if (said) evidence.push({ observed: 'agent', ok: null, text: said, ms: null });
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
    company: task?.company ?? null,
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
      offered: answersOf[e.kind],
    }),
    suggestedReasons: suggestedReasons(
      e.kind,
      findings.rows.map((f) => f.title),
    ),
    blockedTasks: blocked.map(ref),
  };
}
