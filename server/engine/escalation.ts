import { createHash } from 'node:crypto';
import { AlaiError } from '#server/domain/errors.ts';
import type { EscalationKind } from '#server/domain/views/queue.ts';
import { type Queryable, toJson, toText } from '#server/platform/db.ts';
import { patienceHours } from './escalation-policy.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import { move } from './move.ts';

export interface Question {
  kind: EscalationKind;
  taskId: number | null;
  chainId?: number | null;
  effectId?: number | null;
  /** When given, the task is moved from one of these to NEEDS_HUMAN in the same breath. */
  from?: readonly string[];
  actor: Actor;
  question: string;
  why: string;
  context?: Record<string, unknown>;
  /** What makes it the same question; its kind and subject when absent. */
  dedupeKey?: string;
}

/** Asks one question; asking it again while it is open changes nothing. Returns the escalation's id, or null if open already. */
export async function askHuman(q: Queryable, ask: Question): Promise<number | null> {
  if (ask.from && ask.taskId !== null) {
    const moved = await move(q, {
      machine: 'task',
      id: ask.taskId,
      from: ask.from,
      to: 'NEEDS_HUMAN',
      actor: ask.actor,
      reason: ask.why,
    });
    if (!moved) return null;
  }
  const dedupe =
    ask.dedupeKey ??
    `${ask.kind}:${ask.effectId ?? (ask.chainId != null && ask.taskId === null ? `c${ask.chainId}` : `t${ask.taskId}`)}`;
  const { rows } = await q.query<{ id: number; pipeline_id: number | null; project_id: string | null }>(
    `INSERT INTO escalation(kind, task_id, chain_id, pipeline_id, effect_id, dedupe_key, question, why, context, expires_at)
     SELECT $1, $2::bigint, $3::bigint,
       coalesce((SELECT pipeline_id FROM task WHERE id = $2::bigint), (SELECT pipeline_id FROM chain WHERE id = $3::bigint)),
       $4, $5, $6, $7, $8, clock_timestamp() + make_interval(hours => $9)
     ON CONFLICT (dedupe_key) WHERE state IN ('OPEN', 'PENDING') DO NOTHING
     RETURNING id, pipeline_id, (SELECT project_id FROM pipeline p WHERE p.id = escalation.pipeline_id) project_id`,
    [
      ask.kind,
      ask.taskId,
      ask.chainId ?? null,
      ask.effectId ?? null,
      dedupe,
      toText(ask.question),
      toText(ask.why),
      toJson(ask.context ?? {}),
      patienceHours[ask.kind],
    ],
  );
  const row = rows[0];
  if (!row) return null;
  await appendEvents(q, [
    {
      type: 'escalation.open',
      entity: 'escalation',
      id: row.id,
      ver: 1,
      to: 'OPEN',
      actor: ask.actor.kind === 'policy' ? ask.actor : ENGINE,
      reason: ask.why,
      projectId: row.project_id,
      pipelineId: row.pipeline_id,
      taskId: ask.taskId,
      data: { kind: ask.kind, question: ask.question, chainId: ask.chainId ?? null },
    },
  ]);
  return row.id;
}

/** Throws NOT_FOUND for a number that no question has. */
export async function requireQuestion(q: Queryable, id: number): Promise<void> {
  const { rowCount } = await q.query('SELECT 1 FROM escalation WHERE id = $1', [id]);
  if (!rowCount)
    throw new AlaiError(
      'NOT_FOUND',
      'This question does not exist.',
      'Open the queue and choose from the list.',
    );
}

/** Questions that nobody has to answer any more (their subject was cancelled, or was answered by another way). */
export async function withdrawEscalations(
  q: Queryable,
  where: { taskId?: number; chainId?: number },
  reason: string,
): Promise<void> {
  const { rows } = await q.query<{ id: number }>(
    `SELECT id FROM escalation WHERE state = 'OPEN' AND (task_id = $1 OR chain_id = $2) ORDER BY id`,
    [where.taskId ?? null, where.chainId ?? null],
  );
  for (const r of rows) {
    await move(q, {
      machine: 'escalation',
      id: r.id,
      from: 'OPEN',
      to: 'WITHDRAWN',
      actor: ENGINE,
      reason,
      patch: { note: reason, closed_at: { sql: 'clock_timestamp()' } },
    });
  }
}

/**
 * What an answer is bound to: everything that was shown. Changes when the text, the work or the question changes.
 * @returns null when there is no such escalation.
 */
export async function escalationDigest(q: Queryable, id: number): Promise<string | null> {
  const { rows } = await q.query<{ shown: unknown }>(
    `SELECT jsonb_build_array(e.question, e.why, e.context, coalesce(t.title, r.title), coalesce(t.description, r.description), t.head, c.head, c.cycle,
       md5(c.plan::text), md5(t.report::text),
       (SELECT jsonb_agg(jsonb_build_array(f.severity, f.title, f.detail, f.file, f.line) ORDER BY f.id)
        FROM finding f WHERE f.task_id = coalesce(e.task_id, (e.context->>'lastTask')::bigint)),
       (SELECT jsonb_build_array(max(p.attempt_id), max(g.id)) FROM task w LEFT JOIN proof p ON p.task_id = w.id LEFT JOIN gate_result g ON g.task_id = w.id
        WHERE w.id = t.id OR w.chain_id = c.id)) shown
     FROM escalation e LEFT JOIN task t ON t.id = e.task_id LEFT JOIN chain c ON c.id = coalesce(e.chain_id, t.chain_id)
       LEFT JOIN task r ON r.id = c.root_task_id WHERE e.id = $1`,
    [id],
  );
  const row = rows[0];
  return row ? createHash('sha256').update(JSON.stringify(row.shown)).digest('hex').slice(0, 16) : null;
}

/** Questions left open past their time are asked again: the count and the event make them louder; time never answers them. */
export async function askAgain(q: Queryable): Promise<number> {
  const { rows } = await q.query<{
    id: number;
    ver: number;
    kind: EscalationKind;
    asked_times: number;
    task_id: number | null;
    pipeline_id: number | null;
    assigned_to: string | null;
  }>(
    `UPDATE escalation SET asked_times = asked_times + 1, ver = ver + 1,
       expires_at = clock_timestamp() + make_interval(hours => ($1::jsonb->>kind)::int)
     WHERE state = 'OPEN' AND expires_at <= clock_timestamp()
     RETURNING id, ver, kind, asked_times, task_id, pipeline_id, assigned_to`,
    [toJson(patienceHours)],
  );
  await appendEvents(
    q,
    rows.map((r) => ({
      type: 'escalation.asked_again',
      entity: 'escalation',
      id: r.id,
      ver: r.ver,
      actor: ENGINE,
      reason: `Asked ${r.asked_times} times; nobody has answered`,
      pipelineId: r.pipeline_id,
      taskId: r.task_id,
      data: { kind: r.kind, times: r.asked_times, assignedTo: r.assigned_to },
    })),
  );
  return rows.length;
}
