import { type HumanAnswer, type Resume, type StepMemory, stepMemorySchema } from '#server/domain/memory.ts';
import { type Db, type Queryable, toJson } from '#server/platform/db.ts';

/** Keeps what a step knows while it waits, in place of what it knew before. `stale` when the lease is gone. */
export async function rememberStep(
  db: Db,
  held: { attemptId: number; fence: number },
  stepId: number,
  memory: StepMemory,
): Promise<'ok' | 'stale'> {
  const { rowCount } = await db.pool.query(
    `INSERT INTO step_memory(step_id, attempt_id, memory)
     SELECT s.id, a.id, $4::jsonb FROM attempt a JOIN step s ON s.task_id = a.task_id
     WHERE a.id = $1 AND a.fence = $2 AND a.state IN ('LEASED', 'RUNNING') AND s.id = $3
     ON CONFLICT (step_id) DO UPDATE SET attempt_id = excluded.attempt_id, memory = excluded.memory, escalation_id = NULL,
       at = clock_timestamp()`,
    [held.attemptId, held.fence, stepId, toJson(memory)],
  );
  return rowCount ? 'ok' : 'stale';
}

/** Binds the memory of an attempt to the question whose answer it waits for. */
export async function awaitAnswer(q: Queryable, attemptId: number, escalationId: number): Promise<void> {
  await q.query('UPDATE step_memory SET escalation_id = $2 WHERE attempt_id = $1', [attemptId, escalationId]);
}

/** A failed attempt begins its step anew: what it thought led nowhere. */
export async function forgetSteps(q: Queryable, taskId: number): Promise<void> {
  await q.query('DELETE FROM step_memory WHERE step_id IN (SELECT id FROM step WHERE task_id = $1)', [
    taskId,
  ]);
}

/** What the step that is next remembers, with the human's answer; null for a fresh start. */
export async function readResume(q: Queryable, taskId: number, generation: number): Promise<Resume | null> {
  const { rows } = await q.query<{
    step_id: number;
    memory: unknown;
    answer: HumanAnswer['answer'] | null;
    decided_by: string | null;
    note: string | null;
  }>(
    `SELECT m.step_id, m.memory, d.answer, d.decided_by, d.note
     FROM step s JOIN step_memory m ON m.step_id = s.id LEFT JOIN decision d ON d.escalation_id = m.escalation_id
     WHERE s.task_id = $1 AND s.generation = $2 AND s.state <> 'DONE' ORDER BY s.iteration, s.ord LIMIT 1`,
    [taskId, generation],
  );
  const row = rows[0];
  // Written by an older version: a fresh start loses less than a wrong memory.
  const memory = stepMemorySchema.safeParse(row?.memory);
  if (!row || !memory.success) return null;
  return {
    stepId: row.step_id,
    memory: memory.data,
    answer:
      row.answer && row.decided_by ? { answer: row.answer, by: row.decided_by, note: row.note ?? '' } : null,
  };
}
