import { type CheckName, checkNames, checkNumber, checkTitles, scoreOf } from '#server/domain/checks.ts';
import type { ChecksView, CheckView } from '#server/domain/views/checks.ts';
import type { Db } from '#server/platform/db.ts';

interface Row extends Omit<CheckView, 'number' | 'title' | 'answeredBy' | 'name'> {
  name: CheckName;
  tree: string;
  tryNumber: number;
  at: Date;
}

const EVIDENCE = `coalesce(convert_from(b.bytes, 'UTF8'), '')`;

/** The newest run of the nineteen checks of a task; a criterion left pending is answered by the review of the same tree. */
export async function readChecks(db: Db, taskId: number): Promise<ChecksView> {
  const [{ rows }, review, later] = await Promise.all([
    db.pool.query<Row>(
      `WITH newest AS (SELECT attempt_id, step_key, try_number FROM check_result WHERE task_id = $1 ORDER BY id DESC LIMIT 1)
       SELECT c.name, c.state, c.blocking, c.detail, c.command, c.ms, c.tree, c.try_number "tryNumber", c.at, ${EVIDENCE} evidence
       FROM check_result c JOIN newest USING (attempt_id, step_key, try_number) LEFT JOIN blob b ON b.hash = c.evidence_hash`,
      [taskId],
    ),
    db.pool.query<Row & { taskId: number }>(
      `SELECT c.task_id "taskId", c.name, c.state, c.blocking, c.detail, c.command, c.ms, c.tree, c.try_number "tryNumber", c.at, ${EVIDENCE} evidence
       FROM task t JOIN task r ON r.chain_id = t.chain_id AND r.stage = 'REVIEW' AND r.status = 'DONE'
       JOIN check_result c ON c.task_id = r.id AND c.name = 'criteria' LEFT JOIN blob b ON b.hash = c.evidence_hash
       WHERE t.id = $1 AND t.stage = 'BUILD' ORDER BY c.id DESC`,
      [taskId],
    ),
    db.pool.query<{ id: number }>(
      `SELECT l.id FROM task t JOIN task l ON l.chain_id = t.chain_id AND l.stage = 'BUILD' AND l.cycle > t.cycle AND l.head IS NOT NULL
       WHERE t.id = $1 AND t.stage = 'BUILD' ORDER BY l.cycle LIMIT 1`,
      [taskId],
    ),
  ]);
  const tree = rows[0]?.tree ?? null;
  const answer = review.rows.find((r) => r.tree === tree);
  const items = rows
    .map(({ tree: _tree, tryNumber: _try, at: _at, ...r }): CheckView => {
      const own = { ...r, number: checkNumber(r.name), title: checkTitles[r.name], answeredBy: null };
      if (r.state !== 'pending' || r.name !== 'criteria' || !answer) return own;
      const { state, blocking, detail, evidence } = answer;
      return { ...own, state, blocking, detail, evidence, answeredBy: answer.taskId };
    })
    .sort((a, b) => a.number - b.number);
  return {
    items,
    score: items.length === checkNames.length ? scoreOf(items) : null,
    tree,
    tryNumber: rows[0]?.tryNumber ?? 1,
    at: rows[0]?.at ?? null,
    reopenedBy: later.rows[0]?.id ?? null,
  };
}
