import type { Queryable } from '#server/platform/db.ts';

/** What must never be true. `settled`: only once nothing is in flight. */
const checks: { name: string; settled: boolean; sql: string }[] = [
  {
    name: 'step done twice',
    settled: false,
    sql: `SELECT entity_id::bigint id FROM event WHERE type = 'step.done' GROUP BY 1 HAVING count(*) > 1`,
  },
  {
    name: 'two steps of a task run at a time',
    settled: false,
    sql: `SELECT task_id id FROM step WHERE state = 'RUNNING' GROUP BY 1 HAVING count(*) > 1`,
  },
  {
    name: 'two attempts succeeded for one task and generation',
    settled: false,
    sql: `SELECT task_id id FROM attempt WHERE state = 'SUCCEEDED' GROUP BY task_id, generation HAVING count(*) > 1`,
  },
  {
    name: 'two agents in one worktree at a time',
    settled: false,
    sql: `SELECT a.id FROM attempt a JOIN attempt b ON a.host = b.host AND a.worktree = b.worktree AND a.id < b.id`,
  },
  {
    name: 'two agents in one slot at a time',
    settled: false,
    sql: `SELECT a.id FROM attempt a JOIN attempt b ON a.host = b.host AND a.slot = b.slot AND a.id < b.id
          AND a.started_at < coalesce(b.ended_at, 'infinity') AND b.started_at < coalesce(a.ended_at, 'infinity') AND a.ended_at > b.started_at + interval '5 ms'`,
  },
  {
    name: 'running task without a live attempt',
    settled: false,
    sql: `SELECT t.id FROM task t WHERE t.status = 'RUNNING' AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.task_id = t.id AND a.state IN ('LEASED', 'RUNNING'))`,
  },
  {
    name: 'live attempt of a task that does not run',
    settled: false,
    sql: `SELECT a.id FROM attempt a JOIN task t ON t.id = a.task_id WHERE a.state IN ('LEASED', 'RUNNING') AND t.status <> 'RUNNING'`,
  },
  {
    name: 'running step without a live attempt',
    settled: false,
    sql: `SELECT s.id FROM step s WHERE s.state = 'RUNNING' AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.id = s.attempt_id AND a.state IN ('LEASED', 'RUNNING'))`,
  },
  {
    name: 'task done with a step that is not',
    settled: false,
    sql: `SELECT t.id FROM task t WHERE t.status = 'DONE' AND EXISTS (SELECT 1 FROM attempt a WHERE a.task_id = t.id AND a.generation = t.generation AND a.state = 'SUCCEEDED') AND EXISTS (SELECT 1 FROM step s WHERE s.task_id = t.id AND s.generation = t.generation AND s.state <> 'DONE')`,
  },
  {
    name: 'task needs a human and nobody is asked',
    settled: false,
    sql: `SELECT t.id FROM task t WHERE t.status = 'NEEDS_HUMAN' AND NOT EXISTS (SELECT 1 FROM escalation e WHERE e.task_id = t.id AND e.state IN ('OPEN', 'PENDING'))`,
  },
  {
    name: 'chain needs a human and nobody is asked',
    settled: false,
    sql: `SELECT c.id FROM chain c WHERE c.state = 'NEEDS_HUMAN' AND NOT EXISTS (SELECT 1 FROM escalation e WHERE e.chain_id = c.id AND e.state IN ('OPEN', 'PENDING'))`,
  },
  {
    name: 'answered without a decision, or the reverse',
    settled: false,
    sql: `SELECT e.id FROM escalation e LEFT JOIN decision d ON d.escalation_id = e.id WHERE (e.state = 'ANSWERED') <> (d.escalation_id IS NOT NULL)`,
  },
  {
    name: 'unmet count wrong',
    settled: false,
    sql: `SELECT t.id FROM task t WHERE t.status = 'OPEN' AND t.unmet <> (SELECT count(*) FROM dependency d WHERE d.task_id = t.id AND d.satisfied_at IS NULL)`,
  },
  {
    name: 'started before what it waits for',
    settled: false,
    sql: `SELECT t.id FROM task t JOIN dependency d ON d.task_id = t.id WHERE d.satisfied_at IS NULL AND t.status IN ('QUEUED', 'RUNNING')`,
  },
  {
    name: 'active chain without a live task',
    settled: false,
    sql: `SELECT c.id FROM chain c WHERE c.state = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM task t WHERE t.chain_id = c.id AND t.status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN'))`,
  },
  {
    name: 'finished chain with a live task',
    settled: false,
    sql: `SELECT c.id FROM chain c WHERE c.state IN ('FINISHED', 'CANCELLED') AND EXISTS (SELECT 1 FROM task t WHERE t.chain_id = c.id AND t.status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN'))`,
  },
  {
    name: 'reviewed before built',
    settled: false,
    // A root that was reopened has left its old chain, and its BUILD with it.
    sql: `SELECT t.id FROM task t JOIN chain c ON c.id = t.chain_id JOIN task r ON r.id = c.root_task_id AND r.chain_id = c.id WHERE t.stage IN ('REVIEW', 'SECURITY') AND NOT EXISTS (SELECT 1 FROM task b WHERE b.chain_id = t.chain_id AND b.stage = 'BUILD' AND b.status = 'DONE')`,
  },
  {
    name: 'more than one merge landed for a chain',
    settled: false,
    sql: `SELECT e.chain_id id FROM effect e JOIN task t ON t.id = e.task_id WHERE e.state = 'DONE' AND t.stage IN ('BUILD', 'REVIEW', 'SECURITY') GROUP BY e.chain_id HAVING count(*) > 1`,
  },
  {
    name: 'the log ends in another state than the task',
    settled: false,
    sql: `SELECT t.id FROM task t JOIN LATERAL (SELECT to_state FROM event e WHERE e.task_id = t.id AND e.entity = 'task' AND e.to_state IS NOT NULL ORDER BY e.seq DESC LIMIT 1) l ON l.to_state <> t.status`,
  },
  {
    name: 'version skipped or repeated in the log',
    settled: false,
    sql: `SELECT min(seq) id FROM event WHERE entity IN ('step', 'attempt', 'escalation') AND to_state IS NOT NULL GROUP BY entity, entity_id, ver HAVING count(*) > 1`,
  },
  {
    name: 'pipeline state does not follow from its tasks',
    settled: true,
    sql: `SELECT p.id FROM pipeline p WHERE p.state <> 'DONE' AND NOT EXISTS (SELECT 1 FROM task t WHERE t.pipeline_id = p.id AND t.status <> 'DONE') AND EXISTS (SELECT 1 FROM task t WHERE t.pipeline_id = p.id)`,
  },
  {
    name: 'planned merge of a dead attempt',
    settled: true,
    sql: `SELECT e.id FROM effect e JOIN attempt a ON a.id = e.attempt_id WHERE e.state = 'PLANNED' AND a.state NOT IN ('LEASED', 'RUNNING')`,
  },
  {
    name: 'lost task: queued, and nothing will deliver it',
    settled: true,
    sql: `SELECT t.id FROM task t WHERE t.status = 'QUEUED' AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.task_id = t.id AND o.dispatch = t.dispatch)`,
  },
  {
    name: 'lease long over and not reaped',
    settled: true,
    sql: `SELECT id FROM attempt WHERE state IN ('LEASED', 'RUNNING') AND lease_until < now() - interval '60 s'`,
  },
];

export interface Violation {
  name: string;
  id: number;
}

/** Every row is a violation. With `settled` also what only holds when nothing is in flight. */
export async function invariants(q: Queryable, settled = true): Promise<Violation[]> {
  const wanted = checks.filter((c) => settled || !c.settled);
  const { rows } = await q.query<Violation>(
    wanted
      .map((c) => `SELECT '${c.name.replaceAll("'", "''")}' name, v.id FROM (${c.sql}) v(id)`)
      .join(' UNION ALL '),
  );
  return rows;
}
