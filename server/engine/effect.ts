import type { IntegrationPlan } from '#server/domain/attempt.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { type Actor, appendEvents, REAPER } from './event.ts';
import { tellReverted } from './revert.ts';

/**
 * Logs a merge before it is pushed. One per project at a time: answers null while another one is planned, and the caller
 * asks again. Throws LEASE_LOST when the attempt is no longer the caller's.
 */
export async function planIntegration(
  db: Db,
  a: { attemptId: number; fence: number },
  plan: IntegrationPlan,
): Promise<{ effectId: number } | null> {
  return await transaction(db, async (q) => {
    const live = await q.query<{
      task_id: number;
      chain_id: number | null;
      project_id: string;
      pipeline_id: number;
      kind: 'integrate' | 'revert';
    }>(
      `SELECT a.task_id, coalesce(t.chain_id, rv.chain_id) chain_id, t.project_id, t.pipeline_id,
         CASE WHEN rv.id IS NULL THEN 'integrate' ELSE 'revert' END kind
       FROM attempt a JOIN task t ON t.id = a.task_id LEFT JOIN effect rv ON rv.id = t.reverts
       WHERE a.id = $1 AND a.fence = $2 AND a.state = 'RUNNING' FOR UPDATE OF a`,
      [a.attemptId, a.fence],
    );
    const row = live.rows[0];
    if (!row)
      throw new AlaiError(
        'LEASE_LOST',
        'The lease of this attempt is gone.',
        'Stop; another attempt goes on.',
      );
    const { rows } = await q.query<{ id: number }>(
      `INSERT INTO effect(kind, key, project_id, chain_id, task_id, attempt_id, branch, old_sha, new_sha)
       -- Numbered, because the same plan after a refusal is another try and not the one that was refused.
       VALUES ($9, $1 || ':' || (SELECT count(*) FROM effect WHERE attempt_id = $5), $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT DO NOTHING RETURNING id`,
      [
        `${row.kind}:${row.task_id}:${plan.oldSha}:${plan.newSha}:${a.fence}`,
        row.project_id,
        row.chain_id,
        row.task_id,
        a.attemptId,
        plan.branch,
        plan.oldSha,
        plan.newSha,
        row.kind,
      ],
    );
    const made = rows[0];
    if (!made) return null;
    await appendEvents(q, [
      {
        type: 'effect.planned',
        entity: 'effect',
        id: made.id,
        ver: 1,
        to: 'PLANNED',
        actor: { kind: 'worker', name: row.kind },
        reason: `${row.kind === 'revert' ? 'Revert' : 'Merge'} ${plan.newSha.slice(0, 7)} onto ${plan.oldSha.slice(0, 7)}`,
        projectId: row.project_id,
        pipelineId: row.pipeline_id,
        taskId: row.task_id,
        data: { ...plan },
      },
    ]);
    return { effectId: made.id };
  });
}

/**
 * Writes how the push ended. By its worker right after, or by the sweep that looked at the branch. What the sweep found not
 * landed may land still, by a worker that was stopped in between; then the branch is right and the row follows it.
 */
export async function settleEffect(
  db: Db,
  effectId: number,
  state: 'DONE' | 'ABANDONED',
  by: 'worker' | 'sweep' = 'worker',
): Promise<boolean> {
  return await transaction(db, (q) => writeOutcome(q, effectId, state, by));
}

/** The same in the caller's transaction; `human` when nobody else could tell how it ended. */
export async function writeOutcome(
  q: Queryable,
  effectId: number,
  state: 'DONE' | 'ABANDONED',
  by: 'worker' | 'sweep' | Actor,
): Promise<boolean> {
  const { rows } = await q.query<{
    project_id: string;
    task_id: number;
    new_sha: string;
    was: string;
    kind: string;
  }>(
    `UPDATE effect e SET state = $2, settled_at = clock_timestamp()
     FROM (SELECT id, state was FROM effect WHERE id = $1 FOR UPDATE) o
     WHERE e.id = o.id AND (o.was = 'PLANNED' OR (o.was = 'ABANDONED' AND $2 = 'DONE'))
     RETURNING e.project_id, e.task_id, e.new_sha, o.was, e.kind`,
    [effectId, state],
  );
  const row = rows[0];
  if (!row) return false;
  await appendEvents(q, [
    {
      type: `effect.${state.toLowerCase()}`,
      entity: 'effect',
      id: effectId,
      ver: 2,
      from: row.was,
      to: state,
      actor: typeof by === 'object' ? by : by === 'sweep' ? REAPER : { kind: 'worker', name: 'integrate' },
      projectId: row.project_id,
      taskId: row.task_id,
      data: { newSha: row.new_sha },
    },
  ]);
  if (row.kind === 'revert' && state === 'DONE') await tellReverted(q, row.task_id, row.new_sha);
  return true;
}

/**
 * The merge of this task and generation that landed already, when a crash came between the push and the task's end.
 * `unknown` while nobody has looked yet how the merge of a dead attempt ended: ask again.
 */
export async function landedIntegration(
  db: Db,
  attemptId: number,
): Promise<IntegrationPlan | 'unknown' | null> {
  const { rows } = await db.pool.query<{ old_sha: string; new_sha: string; branch: string; state: string }>(
    `SELECT e.old_sha, e.new_sha, e.branch, e.state FROM effect e JOIN attempt a ON a.id = $1
     JOIN attempt was ON was.id = e.attempt_id
     WHERE e.task_id = a.task_id AND was.generation = a.generation
       AND (e.state = 'DONE' OR (e.state = 'PLANNED' AND e.attempt_id <> a.id)) ORDER BY e.state = 'DONE' DESC, e.id DESC LIMIT 1`,
    [attemptId],
  );
  const r = rows[0];
  if (r?.state === 'PLANNED') return 'unknown';
  return r ? { oldSha: r.old_sha, newSha: r.new_sha, branch: r.branch } : null;
}

export interface OpenEffect {
  id: number;
  projectId: string;
  branch: string;
  oldSha: string;
  newSha: string;
}

/** Planned merges whose attempt is over: nobody but the sweep will say how they ended. */
export async function orphanEffects(db: Db): Promise<OpenEffect[]> {
  const { rows } = await db.pool.query(
    `SELECT e.id, e.project_id "projectId", e.branch, e.old_sha "oldSha", e.new_sha "newSha" FROM effect e JOIN attempt a ON a.id = e.attempt_id
     WHERE e.state = 'PLANNED' AND a.state NOT IN ('LEASED', 'RUNNING')`,
  );
  return rows;
}

export interface UndeliveredMerge {
  projectId: string;
  path: string;
  branch: string;
  /** Every effect up to this one is covered by one delivery. */
  lastEffectId: number;
  taskId: number;
}

/** Merges that the operator's folder has not been told of, newest per project and branch. */
export async function undeliveredMerges(db: Db): Promise<UndeliveredMerge[]> {
  const { rows } = await db.pool.query(
    `SELECT e.project_id "projectId", p.path, e.branch, max(e.id) "lastEffectId", max(e.task_id) "taskId"
     FROM effect e JOIN project p ON p.id = e.project_id
     WHERE e.state = 'DONE' AND e.delivered_at IS NULL AND p.path IS NOT NULL GROUP BY 1, 2, 3`,
  );
  return rows;
}

/** Writes what became of the delivery, once for all merges it covers. */
export async function recordDelivery(
  db: Db,
  m: UndeliveredMerge,
  result: { result: string; branch?: string; reason?: string },
): Promise<void> {
  await transaction(db, async (q) => {
    const said = result.reason ? `${result.result}: ${result.reason}` : result.result;
    await q.query(
      `UPDATE effect SET delivered_at = clock_timestamp(), delivery = $4
       WHERE project_id = $1 AND branch = $2 AND id <= $3 AND state = 'DONE' AND delivered_at IS NULL`,
      [m.projectId, m.branch, m.lastEffectId, said],
    );
    await appendEvents(q, [
      {
        type: 'project.delivered',
        entity: 'project',
        id: m.projectId,
        ver: m.lastEffectId,
        actor: { kind: 'engine', name: 'delivery' },
        reason: said,
        projectId: m.projectId,
        taskId: m.taskId,
        data: { ...result },
      },
    ]);
  });
}
