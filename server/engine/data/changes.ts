import type { Db } from '#server/platform/db.ts';

/** Where the change that a task shows lies in the project's repository. */
export interface ChangeRange {
  projectId: string;
  /** What it did and has not proven yet, or what it was given to judge. */
  subject: 'running' | 'reviewed' | 'reverted';
  range: { from: string; to: string } | { since: string; to: string };
}

/**
 * What to show of a task whose proof does not hold it: the commits it pushed since, or, where it only judges, the work
 * before it. Null when its proof says it all.
 */
export async function readChangeRange(db: Db, taskId: number): Promise<ChangeRange | null> {
  const { rows } = await db.pool.query<{
    project_id: string | null;
    first: string | null;
    last: string | null;
    proven: boolean;
    judges: boolean;
    base: string | null;
    default_branch: string;
    merged_onto: string | null;
    revert_old: string | null;
    revert_new: string | null;
  }>(
    `SELECT t.project_id, s.first, s.last, p.default_branch, t.base, t.stage IN ('REVIEW', 'SECURITY') judges,
       EXISTS (SELECT 1 FROM proof f WHERE f.task_id = t.id AND f.patch_hash IS NOT NULL AND f.created_at >= s.at) proven,
       (SELECT e.old_sha FROM effect e WHERE e.chain_id = t.chain_id AND e.kind = 'integrate' AND e.state = 'DONE' ORDER BY e.id LIMIT 1) merged_onto,
       rv.old_sha revert_old, rv.new_sha revert_new
     FROM task t JOIN project p ON p.id = t.project_id
     LEFT JOIN effect rv ON rv.task_id = t.id AND rv.kind = 'revert' AND rv.state = 'DONE'
     LEFT JOIN LATERAL (
       SELECT (array_agg(commit ORDER BY iteration, ord))[1] first, (array_agg(commit ORDER BY iteration DESC, ord DESC))[1] last, max(done_at) at
       FROM step WHERE task_id = t.id AND generation = t.generation AND state = 'DONE' AND commit IS NOT NULL AND key <> 'integrate') s ON true
     WHERE t.id = $1`,
    [taskId],
  );
  const r = rows[0];
  if (!r?.project_id) return null;
  if (r.revert_old && r.revert_new)
    return { projectId: r.project_id, subject: 'reverted', range: { from: r.revert_old, to: r.revert_new } };
  if (r.first && r.last)
    return r.proven
      ? null
      : { projectId: r.project_id, subject: 'running', range: { from: `${r.first}^`, to: r.last } };
  if (!r.judges || !r.base) return null;
  return {
    projectId: r.project_id,
    subject: 'reviewed',
    range: { since: r.merged_onto ?? `refs/heads/${r.default_branch}`, to: r.base },
  };
}
