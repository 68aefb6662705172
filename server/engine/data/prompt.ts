import type { PromptsView } from '#server/domain/views/prompt.ts';
import type { Db } from '#server/platform/db.ts';

/** A long task has many attempts; older prompts are in the database still. */
const MAX_PROMPTS = 40;

/** What the agents of a task were told, the newest attempt first, its steps in the order they began. */
export async function readPrompts(db: Db, taskId: number): Promise<PromptsView> {
  const { rows } = await db.pool.query<PromptsView[number]>(
    `SELECT p.attempt_id "attemptId", a.n attempt, p.step_key "stepKey", p.at, p.model, p.context, p.parts
     FROM step_prompt p JOIN attempt a ON a.id = p.attempt_id WHERE a.task_id = $1 ORDER BY a.n DESC, p.at LIMIT $2`,
    [taskId, MAX_PROMPTS],
  );
  return rows;
}
