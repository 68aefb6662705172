import { expect, it } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import { readEscalation, readQueue } from './data.ts';
import { readDecisions } from './history.ts';
import { readRulesView } from './rules.ts';

const { db } = await testDatabase();

it('ten thousand open questions are asked for by the page, by words and by kind', async () => {
  const f = await testFactory(db);
  const { taskIds } = await f.create([work('Import')]);
  // Written as the engine would: the questions are what is measured here, not how they were asked.
  await db.pool.query(
    `WITH t AS (INSERT INTO task(title, pipeline_id, project_id, status, route)
       SELECT 'Go-live ' || i, (SELECT pipeline_id FROM task WHERE id = $1), 'p1', 'NEEDS_HUMAN', NULL FROM generate_series(1, 10000) i RETURNING id, title)
     INSERT INTO escalation(kind, task_id, dedupe_key, question, why, asked_at)
     SELECT CASE WHEN id % 10 = 0 THEN 'consent' ELSE 'safety' END, id, 'safety:t' || id, title, 'A rule.', now() - make_interval(secs => id % 9000) FROM t`,
    [taskIds[0]],
  );
  await db.pool.query('ANALYZE');
  const took: number[] = [];
  for (let i = 0; i < 5; i++) {
    const from = performance.now();
    const page = await readQueue(db);
    took.push(performance.now() - from);
    expect(page.open).toHaveLength(100);
    expect(page.total).toBe(10_000);
  }
  took.sort((a, b) => a - b);
  // 25 ms on two busy cores; a plan that looks at every question by itself would be far above the bound.
  expect(took[2]).toBeLessThan(500);
  const found = await readQueue(db, { limit: 100, kind: 'consent', assignedTo: null, q: 'go-live 77' });
  expect(found.open.every((i) => i.kind === 'consent' && i.title.startsWith('Go-live 77'))).toBe(true);
  expect(found.total).toBeGreaterThan(0);
});

it('eight thousand finished chains, each with a decision, do not slow the case, the history or the patterns', async () => {
  const f = await testFactory(db);
  const { taskIds, pipelineId } = await f.create([work('Export')]);
  await db.pool.query(
    `WITH c AS (INSERT INTO chain(pipeline_id, root_task_id, generation, plan, depth, state, accepted_at, finished_at)
       SELECT $1, $2, 100000 + i, '{"stages":[]}', 0, 'FINISHED', now(), now() FROM generate_series(1, 8000) i RETURNING id)
     INSERT INTO task(title, pipeline_id, project_id, status, chain_id, stage, company, finished_at, key)
     SELECT 'Export ' || id, $1, 'p1', 'DONE', id, 'BUILD', 'CodeCraft', now(), 'main' FROM c`,
    [pipelineId, taskIds[0]],
  );
  await db.pool.query(
    `INSERT INTO attempt(task_id, generation, n, worker_id, host, slot, state, model, tier, worktree, lease_until, deadline, ended_at, cost_eur)
     SELECT id, 1, 1, $1, 'ANVIL', 1, 'SUCCEEDED', 'm', 2, 'w' || id, now(), now(), now(), 0.1 FROM task WHERE status = 'DONE'`,
    [f.workers.ANVIL],
  );
  await db.pool.query(
    `INSERT INTO effect(kind, key, project_id, chain_id, task_id, attempt_id, branch, old_sha, new_sha, state, settled_at)
     SELECT 'integrate', 'k' || t.id, 'p1', t.chain_id, t.id, a.id, 'main', 'a', 'b' || t.id, 'DONE', now()
     FROM task t JOIN attempt a ON a.task_id = t.id WHERE t.status = 'DONE'`,
  );
  const asked = (state: string, most: number) =>
    `INSERT INTO escalation(kind, task_id, dedupe_key, question, why, state, asked_at${state === 'OPEN' ? '' : ', answer, answered_by, effective_at, closed_at, facts'})
     SELECT 'retries', id, '${state}' || id, 'What now?', 'It failed.', '${state}', ${state === 'OPEN' ? 'now()' : "now() - interval '2 days'"}${
       state === 'OPEN'
         ? ''
         : `, 'approve', 'Alem', now(), now() - make_interval(secs => id % 90000), '{"company":"CodeCraft","stage":"BUILD","area":"*.md","labels":[]}'`
     } FROM task WHERE status = 'DONE' ORDER BY id LIMIT ${most}`;
  await db.pool.query(asked('ANSWERED', 8_000));
  await db.pool.query(asked('OPEN', 1));
  await db.pool.query('ANALYZE');
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT id FROM escalation WHERE state = 'OPEN' AND kind = 'retries'`,
  );
  const ask = {
    q: '',
    kind: null,
    answer: null,
    by: null,
    since: null,
    until: null,
    cursor: null,
    limit: 50,
  };
  const from = performance.now();
  const view = await readEscalation(db, f.timing, rows[0]?.id as number);
  const page = await readDecisions(db, ask);
  const { patterns } = await readRulesView(db);
  const ms = performance.now() - from;
  expect(view.next).toMatchObject({ stage: 'BUILD', eur: 0.1, from: 200 });
  expect(view.similar[0]).toMatchObject({ outcome: 'asked again' });
  expect(page).toMatchObject({
    total: 8_000,
    items: expect.arrayContaining([expect.objectContaining({ outcome: 'merged' })]),
  });
  // The one that was asked about again afterwards is a regret, and one regret is enough for no rule.
  expect(patterns.filter((p) => p.kind === 'retries')).toEqual([]);
  // 180 ms on two busy cores; without the indexes of the history's migration it is many seconds.
  expect(ms).toBeLessThan(2_000);
}, 60_000);
