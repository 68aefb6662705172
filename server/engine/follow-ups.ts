import { stageOf } from '#server/domain/plan.ts';
import type { Finding } from '#server/domain/report.ts';
import type { Priority, Stage } from '#server/domain/status.ts';
import type { Queryable } from '#server/platform/db.ts';
import type { ChainRow } from './chain.ts';
import { followUps, MAX_CHILDREN } from './chain-policy.ts';
import { createTasks } from './create.ts';
import { ENGINE } from './event.ts';
import type { Delivery } from './outbox.ts';

interface RootTask {
  title: string;
  priority: Priority;
  tags: string[];
  owner: string | null;
  project_id: string | null;
}

/** Findings of reviews that passed become BUILD tasks of the same pipeline, one per reviewing task. */
export async function openFollowUps(
  q: Queryable,
  chain: ChainRow,
  task: { title: string },
): Promise<Delivery[]> {
  const open = await q.query<Finding & { id: number; task_id: number; stage: Stage }>(
    `SELECT f.*, t.stage FROM finding f JOIN task t ON t.id = f.task_id
     WHERE f.chain_id = $1 AND f.mend_task_id IS NULL AND f.mended_at IS NULL AND t.verdict = 'pass' ORDER BY f.id`,
    [chain.id],
  );
  const children = await q.query<{ n: number }>(
    `SELECT count(*)::int n FROM task WHERE pipeline_id = $1 AND origin = 'finding'`,
    [chain.pipeline_id],
  );
  const work = followUps(open.rows, chain.depth, (children.rows[0] as { n: number }).n);
  if (open.rows.length > 0 && work.length === 0) return [];
  const root = (
    await q.query<RootTask>('SELECT title, priority, tags, owner, project_id FROM task WHERE id = $1', [
      chain.root_task_id,
    ])
  ).rows[0] as RootTask;
  const deliveries: Delivery[] = [];
  let left = MAX_CHILDREN - (children.rows[0] as { n: number }).n;
  for (const source of new Set(work.map((f) => f.task_id))) {
    if (left-- <= 0) break;
    const found = work.filter((f) => f.task_id === source);
    const build = stageOf(chain.plan, 'BUILD');
    if (!build) break;
    const made = await createTasks(
      q,
      {
        title: '',
        projectId: root.project_id,
        pipelineId: chain.pipeline_id,
        works: [
          {
            title: `Fix: ${found[0]?.title ?? task.title}`.slice(0, 300),
            description: `Mend what ${found[0]?.stage} #${source} found in "${root.title}".`,
            priority: root.priority,
            tags: root.tags.filter((t) => t !== 'deploy' && t !== 'docs'),
            owner: root.owner,
            parentId: source,
            origin: 'finding',
            route: {
              ...build.route,
              reasons: [
                `Follow-up of #${source}: ${found.length} finding${found.length === 1 ? '' : 's'}.`,
                ...build.route.reasons,
              ],
            },
            plan: { stages: chain.plan.stages.filter((s) => s.stage !== 'OPS' && s.stage !== 'DOCS') },
            dependsOn: [],
            dependsOnTasks: [],
            depth: chain.depth + 1,
          },
        ],
      },
      ENGINE,
    );
    await q.query('UPDATE finding SET mend_task_id = $2 WHERE id = ANY($1)', [
      found.map((f) => f.id),
      made.taskIds[0],
    ]);
    deliveries.push(...made.deliveries);
  }
  return deliveries;
}
