import { INTEGRATE } from '#server/domain/plan.ts';
import type { WorkStep } from '#server/domain/work.ts';
import { type Db, transaction } from '#server/platform/db.ts';
import { appendEvents } from './event.ts';

/**
 * Opens the next round of a workflow: its steps once more, one iteration on. The merge, where there is one, moves along to
 * the last round. Answers with the new steps, the first of them running; with none when the lease is gone.
 */
export async function openRound(db: Db, held: { attemptId: number; fence: number }): Promise<WorkStep[]> {
  return await transaction(db, async (q) => {
    const live = await q.query<{
      task_id: number;
      generation: number;
      steps: string[];
      host: string;
      pipeline_id: number;
      project_id: string | null;
    }>(
      `SELECT a.task_id, a.generation, a.host, t.steps, t.pipeline_id, t.project_id FROM attempt a JOIN task t ON t.id = a.task_id
       WHERE a.id = $1 AND a.fence = $2 AND a.state = 'RUNNING' FOR UPDATE OF a`,
      [held.attemptId, held.fence],
    );
    const row = live.rows[0];
    if (!row) return [];
    const { rows } = await q.query<{ id: number; key: string; iteration: number; ord: number }>(
      `WITH last AS (SELECT max(iteration) n FROM step WHERE task_id = $1 AND generation = $2 AND key <> $4)
       INSERT INTO step(task_id, generation, iteration, key, ord)
       SELECT $1, $2, last.n + 1, k.key, k.ord FROM last, unnest($3::text[]) WITH ORDINALITY k(key, ord) WHERE k.key <> $4
       RETURNING id, key, iteration, ord::int`,
      [row.task_id, row.generation, row.steps, INTEGRATE],
    );
    const iteration = rows[0]?.iteration ?? 0;
    await q.query(
      `UPDATE step SET iteration = $3, state = 'PENDING', attempt_id = NULL, ver = ver + 1
       WHERE task_id = $1 AND generation = $2 AND key = $4 AND state <> 'DONE'`,
      [row.task_id, row.generation, iteration, INTEGRATE],
    );
    const first = rows.reduce((a, b) => (a.ord <= b.ord ? a : b));
    await q.query(`UPDATE step SET state = 'RUNNING', attempt_id = $2, ver = ver + 1 WHERE id = $1`, [
      first.id,
      held.attemptId,
    ]);
    const { rows: seen } = await q.query<{ ver: number }>(
      'UPDATE task SET ver = ver + 1 WHERE id = $1 RETURNING ver',
      [row.task_id],
    );
    await appendEvents(q, [
      {
        type: 'task.round',
        entity: 'task',
        id: row.task_id,
        ver: seen[0]?.ver ?? 1,
        actor: { kind: 'worker', name: row.host },
        reason: `Round ${iteration + 1}: the last one left work to do.`,
        projectId: row.project_id,
        pipelineId: row.pipeline_id,
        taskId: row.task_id,
        data: { iteration },
      },
    ]);
    return rows.sort((a, b) => a.ord - b.ord).map((s) => ({ ...s, done: false, commit: null, output: null }));
  });
}
