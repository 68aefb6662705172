import { INTEGRATE, stageOf, stepKeys } from '#server/domain/plan.ts';
import type { Stage } from '#server/domain/status.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import type { ChainRow } from './chain.ts';
import { appendEvents, ENGINE } from './event.ts';
import { type Delivery, queueTasks } from './outbox.ts';

const verbs: Record<Stage, string> = {
  BUILD: 'Mend',
  REVIEW: 'Review',
  SECURITY: 'Security audit',
  OPS: 'Deploy setup',
  DOCS: 'Documentation',
};

/** The chain's next stage task, written and queued. The title is the root's, told apart by what this stage does. */
export async function openStage(
  q: Queryable,
  chain: Pick<ChainRow, 'id' | 'pipeline_id' | 'root_task_id' | 'plan' | 'head'>,
  after: { id: number } | null,
  stage: Stage,
  o: {
    cycle: number;
    because: string;
    mendsTask: number | null;
    head: string | null;
    note?: string;
    /** Only brings what is built onto the branch: no agent, one harness step. */
    mergeOnly?: boolean;
  },
): Promise<Delivery[]> {
  const plan = stageOf(chain.plan, stage);
  if (!plan) throw new Error(`chain ${chain.id} has no ${stage} in its plan`);
  const keys = o.mergeOnly ? [INTEGRATE] : stepKeys(chain.plan, plan);
  const alone = stage === 'OPS' || stage === 'DOCS';
  const { rows } = await q.query<{ id: number; title: string; project_id: string | null }>(
    `INSERT INTO task(title, description, priority, tags, owner, project_id, pipeline_id, chain_id, parent_id, origin, stage, cycle,
       company, company_hash, tier, blueprint, blueprint_hash, steps, integrates, route, base, feedback, key)
     SELECT left($2 || ': ' || r.title, 300), r.description, r.priority, r.tags, r.owner, r.project_id, r.pipeline_id, $1, coalesce($3, r.id), 'stage', $4, $5,
       $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $17
     FROM task r WHERE r.id = $16 RETURNING id, title, project_id`,
    [
      chain.id,
      o.mergeOnly ? 'Merge' : verbs[stage],
      after?.id ?? null,
      stage,
      o.cycle,
      plan.company,
      plan.companyHash,
      plan.route.tier,
      plan.blueprint,
      plan.blueprintHash,
      keys,
      o.mergeOnly === true || keys.length > plan.steps.length,
      // What was held was the text, and its approval let the whole chain begin: its later stages do not ask again.
      toJson({ ...plan.route, held: null }),
      alone ? null : chain.head,
      o.note ?? '',
      chain.root_task_id,
      o.mergeOnly ? 'merge' : 'main',
    ],
  );
  const made = rows[0] as { id: number; title: string; project_id: string | null };
  if (o.mendsTask !== null)
    await q.query('UPDATE finding SET mend_task_id = $2 WHERE task_id = $1 AND mended_at IS NULL', [
      o.mendsTask,
      made.id,
    ]);
  await appendEvents(q, [
    {
      type: 'task.created',
      entity: 'task',
      id: made.id,
      ver: 1,
      to: 'OPEN',
      actor: ENGINE,
      reason: o.because,
      projectId: made.project_id,
      pipelineId: chain.pipeline_id,
      taskId: made.id,
      data: {
        title: made.title,
        stage,
        cycle: o.cycle,
        chainId: chain.id,
        parentId: after?.id ?? null,
        origin: 'stage',
        projectId: made.project_id,
        company: plan.company,
        tier: plan.route.tier,
        base: alone ? null : chain.head,
      },
    },
  ]);
  return await queueTasks(q, [made.id], ENGINE, o.because);
}
