import { stages } from '#server/domain/status.ts';
import { createTasks } from '#server/engine/create.ts';
import { createDb, transaction } from '#server/platform/db.ts';
import { ceo, plan, route, work } from '#test/factory.ts';

/**
 * A pipeline of chains with five stages each, every one but the first row waiting for one before it. The kill switch is
 * engaged first, so that no agent begins and the figures are about the page.
 */
export async function seedPipeline(
  databaseUrl: string,
  chains: number,
): Promise<{ pipelineId: number; nodes: number }> {
  const db = createDb(databaseUrl, { max: 2 });
  try {
    await db.pool.query(`UPDATE kill_switch SET engaged = true, reason = 'bench' WHERE scope = 'factory'`);
    await db.pool.query(
      `INSERT INTO project(id, name, default_branch) VALUES ('bench', 'Bench', 'main') ON CONFLICT DO NOTHING`,
    );
    const works = Array.from({ length: chains }, (_, i) =>
      work(`Deliverable ${i + 1} of a very large request`, {
        plan: plan([...stages]),
        route: route(),
        dependsOn:
          i < 20 ? [] : [i - 20, i - 1 - (i % 7)].filter((d, at, all) => d >= 0 && all.indexOf(d) === at),
      }),
    );
    const made = await transaction(db, (q) =>
      createTasks(q, { title: 'A very large request', projectId: 'bench', works }, ceo),
    );
    return { pipelineId: made.pipelineId, nodes: chains * stages.length };
  } finally {
    await db.close();
  }
}
