import type { IntegrationResult } from '#server/domain/attempt.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { isAcceptBranch } from '#server/domain/merge.ts';
import { type ChainPlan, chainPlanSchema, INTEGRATE, type StagePlan, stageOf } from '#server/domain/plan.ts';
import type { Queryable } from '#server/platform/db.ts';
import { createTasks } from './create.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import type { Delivery } from './outbox.ts';

interface Merged {
  effect_id: number;
  new_sha: string;
  branch: string;
  plan: ChainPlan;
  depth: number;
  root_id: number;
  root_title: string;
  project_id: string;
  pipeline_id: number;
  priority: 'H' | 'M' | 'L';
  owner: string | null;
}

/** What a task's page calls its merge: its own, or, for a stage before the merge, the one of its chain. */
export const MERGE_OF = `SELECT e.id FROM effect e JOIN task m ON m.id = e.task_id
  WHERE e.kind = 'integrate' AND e.state = 'DONE' AND (e.task_id = t.id
    OR (e.chain_id = t.chain_id AND t.stage IN ('BUILD', 'REVIEW', 'SECURITY') AND m.stage IN ('BUILD', 'REVIEW', 'SECURITY')))
  ORDER BY e.task_id = t.id DESC, e.id DESC LIMIT 1`;

const mergedColumns = `e.id effect_id, e.new_sha, e.branch, c.plan, c.depth, r.id root_id, r.title root_title, r.project_id, r.pipeline_id,
  r.priority, r.owner`;

/**
 * Takes a merged change back: a task of one harness step, run on a host as every merge is, in the pipeline of what it
 * takes back. Refused where nothing is merged, where it is taken back already, and while somebody does.
 */
export async function revertChange(
  q: Queryable,
  taskId: number,
  reason: string,
  actor: Actor,
): Promise<{ taskId: number; deliveries: Delivery[] }> {
  const found = await q.query<Merged>(
    `SELECT ${mergedColumns} FROM task t JOIN effect e ON e.id = (${MERGE_OF})
       JOIN chain c ON c.id = e.chain_id JOIN task r ON r.id = c.root_task_id WHERE t.id = $1 FOR UPDATE OF e`,
    [taskId],
  );
  const m = found.rows[0];
  if (!m)
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `Nothing of #${taskId} is merged.`,
      'Only merged work can be reverted; cancel what is not merged yet.',
    );
  if (isAcceptBranch(m.branch))
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `The work of #${taskId} waits on ${m.branch} and is not merged.`,
      'Close its pull request, or delete the branch.',
    );
  const before = await q.query<{ id: number; done: boolean }>(
    `SELECT t.id, EXISTS (SELECT 1 FROM effect e WHERE e.task_id = t.id AND e.state = 'DONE') done FROM task t
     WHERE t.reverts = $1 AND (t.status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN')
       OR EXISTS (SELECT 1 FROM effect e WHERE e.task_id = t.id AND e.state = 'DONE'))`,
    [m.effect_id],
  );
  const other = before.rows[0];
  if (other)
    throw new AlaiError(
      'CONFLICT',
      `#${other.id} ${other.done ? 'reverted' : 'reverts'} it already.`,
      `Look at #${other.id}.`,
    );
  const build = buildOf(m);
  const { taskIds, deliveries } = await createTasks(
    q,
    {
      title: '',
      projectId: m.project_id,
      pipelineId: m.pipeline_id,
      works: [
        {
          title: `Revert #${m.root_id}: ${m.root_title}`.slice(0, 300),
          description: reason || `Take back what was merged as ${m.new_sha.slice(0, 10)}.`,
          priority: 'H',
          tags: [],
          owner: actor.name,
          parentId: taskId,
          origin: 'human',
          route: {
            ...build.route,
            held: null,
            reasons: [`A host takes ${m.new_sha.slice(0, 10)} back; no model is called.`],
          },
          plan: null,
          steps: [INTEGRATE],
          dependsOn: [],
          dependsOnTasks: [],
        },
      ],
    },
    actor,
  );
  const made = taskIds[0] as number;
  // Its evidence is what its own work had to pass: the same company, blueprint and versions.
  await q.query(
    `UPDATE task SET reverts = $2, company = $3, company_hash = $4, blueprint = $5, blueprint_hash = $6, integrates = true WHERE id = $1`,
    [made, m.effect_id, build.company, build.companyHash, build.blueprint, build.blueprintHash],
  );
  return { taskId: made, deliveries };
}

function buildOf(m: Merged): StagePlan {
  const plan = chainPlanSchema.parse(m.plan);
  return stageOf(plan, 'BUILD') ?? (plan.stages[0] as StagePlan);
}

/** Later work stands in the way, or the tree does not hold without it: the first becomes work at once, the second is offered. */
export async function refusedRevert(
  q: Queryable,
  taskId: number,
  result: Extract<IntegrationResult, { result: 'conflict' }>,
): Promise<Delivery[]> {
  const { rowCount } = await q.query('SELECT 1 FROM task WHERE id = $1 AND reverts IS NOT NULL', [taskId]);
  if (!rowCount) return [];
  const title =
    result.files.length > 0
      ? `The revert conflicts with later work in ${result.files.join(', ')}`
      : 'The revert was refused: the rest does not hold without it';
  await q.query(
    `INSERT INTO finding(task_id, severity, title, detail, file) VALUES ($1, 'major', $2, $3, $4)`,
    [taskId, title.slice(0, 300), result.detail.slice(0, 4_000), result.files[0] ?? null],
  );
  return result.files.length > 0 ? (await revertAsWork(q, taskId, ENGINE)).deliveries : [];
}

/** A revert that git cannot make alone becomes a chain that builds it, with what stood in the way as its findings. */
export async function revertAsWork(
  q: Queryable,
  taskId: number,
  actor: Actor,
): Promise<{ taskId: number; deliveries: Delivery[] }> {
  const found = await q.query<Merged>(
    `SELECT ${mergedColumns} FROM task t JOIN effect e ON e.id = t.reverts
       JOIN chain c ON c.id = e.chain_id JOIN task r ON r.id = c.root_task_id
     WHERE t.id = $1 AND t.status = 'DONE' AND t.verdict = 'reject' FOR UPDATE OF t`,
    [taskId],
  );
  const m = found.rows[0];
  const open = await q.query<{ id: number }>(
    'SELECT id FROM finding WHERE task_id = $1 AND mend_task_id IS NULL',
    [taskId],
  );
  if (!m || open.rows.length === 0)
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `#${taskId} is no revert that was refused and waits for work.`,
      'Look at its page: what became of it stands there.',
    );
  const plan = {
    stages: chainPlanSchema.parse(m.plan).stages.filter((s) => s.stage !== 'OPS' && s.stage !== 'DOCS'),
  };
  const { taskIds, deliveries } = await createTasks(
    q,
    {
      title: '',
      projectId: m.project_id,
      pipelineId: m.pipeline_id,
      works: [
        {
          title: `Take back #${m.root_id}: ${m.root_title}`.slice(0, 300),
          description:
            `Take back what commit ${m.new_sha} brought, and keep what came after it working. ` +
            `A plain revert (#${taskId}) did not hold; the findings say why.`,
          priority: m.priority,
          tags: [],
          owner: m.owner,
          parentId: taskId,
          origin: 'finding',
          route: {
            ...buildOf(m).route,
            held: null,
            reasons: [`The revert #${taskId} was refused.`, ...buildOf(m).route.reasons],
          },
          plan,
          dependsOn: [],
          dependsOnTasks: [],
          depth: m.depth + 1,
        },
      ],
    },
    actor,
  );
  const made = taskIds[0] as number;
  await q.query('UPDATE finding SET mend_task_id = $2 WHERE id = ANY($1)', [
    open.rows.map((r) => r.id),
    made,
  ]);
  return { taskId: made, deliveries };
}

/** Says on the timeline of what was taken back that it was. */
export async function tellReverted(q: Queryable, revertTaskId: number, sha: string): Promise<void> {
  const { rows } = await q.query<{
    effect_id: number;
    chain_id: number;
    root_id: number;
    project_id: string;
    pipeline_id: number;
    owner: string | null;
  }>(
    `SELECT e.id effect_id, c.id chain_id, c.root_task_id root_id, t.project_id, t.pipeline_id, t.owner FROM task t JOIN effect e ON e.id = t.reverts
       JOIN chain c ON c.id = e.chain_id WHERE t.id = $1`,
    [revertTaskId],
  );
  const r = rows[0];
  if (!r) return;
  await appendEvents(q, [
    {
      type: 'change.reverted',
      entity: 'effect',
      id: r.effect_id,
      ver: 3,
      actor: { kind: 'worker', name: 'revert' },
      reason: `By ${r.owner ?? 'a human'} as ${sha.slice(0, 7)}, in #${revertTaskId}`,
      projectId: r.project_id,
      pipelineId: r.pipeline_id,
      taskId: r.root_id,
      data: { sha, by: revertTaskId, chainId: r.chain_id },
    },
  ]);
}
