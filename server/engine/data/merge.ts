import type { MergeView } from '#server/domain/merge.ts';
import type { Queryable } from '#server/platform/db.ts';
import { MERGE_OF } from '../revert.ts';

/** Whether and how a task's work is on the project's branch, and who took it back. */
export async function readMerge(q: Queryable, taskId: number): Promise<MergeView | null> {
  const { rows } = await q.query<{
    sha: string;
    branch: string;
    at: Date;
    revert_id: number | null;
    revert_by: string | null;
    revert_sha: string | null;
    revert_at: Date | null;
  }>(
    `SELECT e.new_sha sha, e.branch, e.settled_at at, r.id revert_id, r.owner revert_by, re.new_sha revert_sha, re.settled_at revert_at
     FROM task t JOIN effect e ON e.id = (${MERGE_OF})
     LEFT JOIN task r ON r.id = (SELECT x.id FROM task x LEFT JOIN effect xe ON xe.task_id = x.id AND xe.state = 'DONE'
       WHERE x.reverts = e.id AND (xe.id IS NOT NULL OR x.status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN'))
       ORDER BY xe.id NULLS LAST, x.id DESC LIMIT 1)
     LEFT JOIN effect re ON re.task_id = r.id AND re.kind = 'revert' AND re.state = 'DONE'
     WHERE t.id = $1`,
    [taskId],
  );
  const m = rows[0];
  if (!m) return null;
  const { sha, branch, at } = m;
  if (m.revert_id === null) return { sha, branch, at, revert: null };
  return {
    sha,
    branch,
    at,
    revert: {
      taskId: m.revert_id,
      by: m.revert_by ?? '',
      state: m.revert_sha ? 'done' : 'running',
      sha: m.revert_sha,
      at: m.revert_at,
    },
  };
}
