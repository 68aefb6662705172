import { createDb } from '#server/platform/db.ts';

/**
 * A factory with a long past and a full present: `tasks` in all, most of them merged long ago, some today, and thousands that wait.
 * Written as rows, because to run them would take days. The kill switch is engaged, so that the figures are about the page.
 */
export async function seedTasks(databaseUrl: string, tasks: number): Promise<{ live: number }> {
  const db = createDb(databaseUrl, { max: 1 });
  const chains = Math.floor(tasks / 5);
  const live = Math.floor(chains / 4);
  try {
    await db.pool.query(`UPDATE kill_switch SET engaged = true, reason = 'bench' WHERE scope = 'factory'`);
    await db.pool.query(
      `INSERT INTO project(id, name, default_branch) VALUES ('bench', 'Bench', 'main') ON CONFLICT DO NOTHING`,
    );
    await db.pool.query(
      `WITH p AS (
         INSERT INTO pipeline(title, project_id, state) SELECT 'Request ' || g, 'bench', 'OPEN' FROM generate_series(1, $1::int) g RETURNING id),
       n AS (SELECT id, row_number() OVER () nth, nextval('task_id_seq') root FROM p),
       c AS (
         INSERT INTO chain(pipeline_id, root_task_id, generation, state, plan, accepted_at, created_at, finished_at)
         SELECT id, root, 1, CASE WHEN nth <= $2 THEN 'ACTIVE' ELSE 'FINISHED' END,
           '{"stages":[{"stage":"BUILD"},{"stage":"REVIEW"},{"stage":"SECURITY"}]}',
           CASE WHEN nth <= $2 THEN NULL ELSE now() - make_interval(mins => ((nth - $2) * 3)::int) END,
           now() - make_interval(mins => (nth * 4 + 60)::int),
           CASE WHEN nth <= $2 THEN NULL ELSE now() - make_interval(mins => ((nth - $2) * 3)::int) END
         FROM n RETURNING id, pipeline_id, root_task_id, state, finished_at)
       INSERT INTO task(id, title, project_id, pipeline_id, chain_id, origin, stage, cycle, key, status, verdict, company, tier, blueprint,
         host, dispatch, created_at, queued_at, finished_at, priority)
       SELECT CASE WHEN s.nth = 1 THEN c.root_task_id ELSE nextval('task_id_seq') END, 'Deliverable ' || c.id || ' of a long past',
         'bench', c.pipeline_id, c.id, CASE WHEN s.nth = 1 THEN 'human' ELSE 'stage' END, s.stage, s.cycle, 'main',
         CASE WHEN c.state = 'ACTIVE' AND s.nth = 5 THEN 'QUEUED' ELSE 'DONE' END,
         CASE WHEN c.state = 'ACTIVE' AND s.nth = 5 THEN NULL ELSE 'pass' END, 'CodeCraft', 2, 'feature',
         'forge', 1, now() - interval '1 day', now() - interval '1 hour',
         CASE WHEN c.state = 'ACTIVE' AND s.nth = 5 THEN NULL ELSE coalesce(c.finished_at, now() - interval '2 hours') END,
         (ARRAY['H','M','L'])[1 + c.id % 3]
       FROM c CROSS JOIN (VALUES (1, 'BUILD', 0), (2, 'REVIEW', 0), (3, 'BUILD', 1), (4, 'REVIEW', 1), (5, 'SECURITY', 1)) s(nth, stage, cycle)`,
      [chains, live],
    );
    await db.pool.query('ANALYZE task, chain, pipeline');
    return { live };
  } finally {
    await db.close();
  }
}
