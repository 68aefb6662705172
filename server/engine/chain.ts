import type { Finding, IntegrationResult } from '#server/domain/attempt.ts';
import { type ChainPlan, chainPlanSchema, INTEGRATE, stageOf, stepKeys } from '#server/domain/plan.ts';
import type { ChainState, Stage, Verdict } from '#server/domain/status.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { followUps, MAX_CHILDREN, nextMove } from './chain-policy.ts';
import { createTasks } from './create.ts';
import { askHuman } from './escalation.ts';
import { appendEvents, ENGINE } from './event.ts';
import { move } from './move.ts';
import { type Delivery, queueTasks } from './outbox.ts';

export interface ChainRow {
  id: number;
  pipeline_id: number;
  root_task_id: number;
  generation: number;
  state: ChainState;
  ver: number;
  plan: ChainPlan;
  cycle: number;
  rejects: number;
  merge_returns: number;
  depth: number;
  head: string | null;
  accepted_at: Date | null;
}

export async function lockChain(q: Queryable, id: number): Promise<ChainRow> {
  const { rows } = await q.query('SELECT * FROM chain WHERE id = $1 FOR UPDATE', [id]);
  const row = rows[0];
  return { ...row, plan: chainPlanSchema.parse(row.plan) };
}

interface Outcome {
  verdict: Verdict;
  commit: string | null;
  findings: Finding[];
  integration: IntegrationResult | null;
}
interface TaskRow {
  id: number;
  title: string;
  stage: Stage;
  priority: string;
  tags: string[];
  owner: string | null;
  project_id: string | null;
}

async function storeFindings(
  q: Queryable,
  taskId: number,
  chainId: number,
  findings: Finding[],
): Promise<void> {
  if (findings.length === 0) return;
  await q.query(
    `INSERT INTO finding(task_id, chain_id, severity, title, detail, file, line, evidence)
     SELECT $1, $2, f.severity, f.title, f.detail, f.file, f.line, f.evidence
     FROM jsonb_to_recordset($3::jsonb) f(severity text, title text, detail text, file text, line int, evidence text)`,
    [taskId, chainId, toJson(findings)],
  );
}

/** Writes what follows a stage that is done. In the transaction that made it DONE. */
export async function progressChain(
  q: Queryable,
  chainId: number,
  taskId: number,
  out: Outcome,
): Promise<Delivery[]> {
  const chain = await lockChain(q, chainId);
  const task = (
    await q.query<TaskRow>(
      'SELECT id, title, stage, priority, tags, owner, project_id FROM task WHERE id = $1',
      [taskId],
    )
  ).rows[0] as TaskRow;
  await storeFindings(q, taskId, chainId, out.findings);
  if (out.integration?.result === 'conflict')
    await storeFindings(q, taskId, chainId, [
      {
        severity: 'major',
        title: `Merge conflict in ${out.integration.files.join(', ')}`.slice(0, 300),
        detail: out.integration.detail.slice(0, 4_000),
        file: out.integration.files[0] ?? null,
        line: null,
        evidence: '',
      },
    ]);
  if (task.stage === 'BUILD' && out.commit) {
    await q.query('UPDATE chain SET head = $2 WHERE id = $1', [chainId, out.commit]);
    chain.head = out.commit;
  }
  // A human ended it meanwhile: what was found is kept, and nothing follows.
  if (chain.state === 'CANCELLED' || chain.state === 'FINISHED') return [];
  const next = nextMove(
    {
      plan: chain.plan,
      cycle: chain.cycle,
      rejects: chain.rejects,
      mergeReturns: chain.merge_returns,
      accepted: chain.accepted_at !== null,
      head: chain.head,
    },
    { stage: task.stage, verdict: out.verdict, findings: out.findings, integration: out.integration },
  );
  switch (next.kind) {
    case 'ask':
      return await askAboutChain(q, chain, task, next.question, next.because);
    case 'finish':
      await move(q, {
        machine: 'chain',
        id: chainId,
        from: 'ACCEPTED',
        to: 'FINISHED',
        actor: ENGINE,
        patch: { finished_at: { sql: 'clock_timestamp()' } },
      });
      return [];
    case 'accept': {
      const deliveries = await acceptChain(q, chain, task, next.sha, next.branch);
      if (next.after)
        deliveries.push(
          ...(await openStage(q, chain, task, next.after, {
            cycle: chain.cycle,
            because: 'Accepted.',
            mendsTask: null,
            head: null,
          })),
        );
      else
        await move(q, {
          machine: 'chain',
          id: chainId,
          from: 'ACCEPTED',
          to: 'FINISHED',
          actor: ENGINE,
          patch: { finished_at: { sql: 'clock_timestamp()' } },
        });
      return deliveries;
    }
    case 'stage': {
      if (next.count !== 'none' || next.cycle !== chain.cycle) {
        await q.query(
          `UPDATE chain SET cycle = $2, rejects = rejects + $3, merge_returns = merge_returns + $4, head = coalesce($5, head) WHERE id = $1`,
          [chainId, next.cycle, next.count === 'reject' ? 1 : 0, next.count === 'merge' ? 1 : 0, next.head],
        );
      }
      return await openStage(q, { ...chain, head: next.head ?? chain.head }, task, next.stage, {
        cycle: next.cycle,
        because: next.because,
        mendsTask: next.mends ? taskId : null,
        head: next.head,
      });
    }
  }
}

async function askAboutChain(
  q: Queryable,
  chain: ChainRow,
  task: TaskRow,
  question: 'rejects' | 'merge' | 'minion',
  because: string,
): Promise<Delivery[]> {
  await move(q, {
    machine: 'chain',
    id: chain.id,
    from: 'ACTIVE',
    to: 'NEEDS_HUMAN',
    actor: ENGINE,
    reason: because,
  });
  await askHuman(q, {
    kind: question,
    taskId: null,
    chainId: chain.id,
    actor: ENGINE,
    question: {
      rejects: `"${task.title}" was rejected again. Send it back once more?`,
      merge: `"${task.title}" cannot be merged. Try again?`,
      minion: `The minion of "${task.title}" is done. Merge its branch?`,
    }[question],
    why: because,
    context: { lastTask: task.id },
  });
  return [];
}

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

/** ACTIVE -> ACCEPTED: the deliverable is in the project. Wakes the chains that wait for it and turns findings into work. */
export async function acceptChain(
  q: Queryable,
  chain: ChainRow,
  task: Pick<TaskRow, 'id' | 'title'>,
  sha: string | null,
  branch: string | null = null,
): Promise<Delivery[]> {
  const merged = sha ? `Merged as ${sha.slice(0, 7)}.` : 'Accepted; it changed nothing.';
  await move(q, {
    machine: 'chain',
    id: chain.id,
    from: 'ACTIVE',
    to: 'ACCEPTED',
    actor: ENGINE,
    reason: branch ? `Not merged: it waits on ${branch} for a pull request.` : merged,
    patch: { accepted_at: { sql: 'clock_timestamp()' }, accepted_sha: sha },
    data: { sha, branch },
  });
  await q.query(
    'UPDATE finding SET mended_at = clock_timestamp() WHERE mend_task_id IN (SELECT id FROM task WHERE chain_id = $1) AND mended_at IS NULL',
    [chain.id],
  );
  const deliveries = await releaseAcceptance(q, chain.root_task_id);
  deliveries.push(...(await openFollowUps(q, chain, task)));
  return deliveries;
}

/** Counts down the chains that waited for this one to be accepted, and queues those that wait for nothing more. */
export async function releaseAcceptance(q: Queryable, rootTaskId: number): Promise<Delivery[]> {
  const { rows } = await q.query<{ id: number; unmet: number }>(
    `WITH dep AS (
       UPDATE dependency SET satisfied_at = clock_timestamp() WHERE on_task_id = $1 AND kind = 'accepted' AND satisfied_at IS NULL RETURNING task_id),
     waiting AS (SELECT id FROM task WHERE id IN (SELECT task_id FROM dep) ORDER BY id FOR NO KEY UPDATE)
     UPDATE task t SET unmet = t.unmet - 1 FROM waiting WHERE t.id = waiting.id RETURNING t.id, t.unmet`,
    [rootTaskId],
  );
  return await queueTasks(
    q,
    rows.filter((r) => r.unmet === 0).map((r) => r.id),
    ENGINE,
    `#${rootTaskId} is accepted`,
  );
}

/** Findings of reviews that passed become BUILD tasks of the same pipeline, one per reviewing task. */
async function openFollowUps(
  q: Queryable,
  chain: ChainRow,
  task: Pick<TaskRow, 'id' | 'title'>,
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
    await q.query<TaskRow>(
      'SELECT id, title, stage, priority, tags, owner, project_id FROM task WHERE id = $1',
      [chain.root_task_id],
    )
  ).rows[0] as TaskRow;
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
            priority: root.priority as 'M',
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
