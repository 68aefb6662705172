import { createHash } from 'node:crypto';
import { AlaiError } from '#server/domain/errors.ts';
import { askWord, type Patience } from '#server/domain/looks.ts';
import { draw } from '#server/domain/picture.ts';
import type { ChainPlan } from '#server/domain/plan.ts';
import { type ChainState, type PipelineState, stages, taskStatuses } from '#server/domain/status.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { NodeAttempt, PipelineListItem, PipelineView } from '#server/domain/views/pipeline.ts';
import type { StatusView } from '#server/domain/views/status.ts';
import type { Db } from '#server/platform/db.ts';
import { patience, readTasks, type TaskRow, taskStatus } from './rows.ts';
import { waitReasons } from './waits.ts';

interface ChainRow {
  id: number;
  root_task_id: number;
  title: string;
  state: ChainState;
  plan: ChainPlan;
  cycle: number;
  rejects: number;
  accepted_at: Date | null;
  ask_kind: Parameters<typeof askWord>[0] | null;
  ask_state: string;
  ask_at: Date;
}

/** A wait as it fits a node: "After #4001", "FORGE · 2 ahead". */
function shortWait(words: string): string {
  return words
    .replace(/^Waits for (?=#)/, 'After ')
    .replace(/^Waits for /, '')
    .replace(/ to merge/g, '');
}

async function attemptsOf(db: Db, pipelineId: number): Promise<Map<number, NodeAttempt[]>> {
  const { rows } = await db.pool.query<NodeAttempt & { taskId: number }>(
    `SELECT a.id, a.task_id "taskId", a.n, a.state, a.host, a.slot, a.model, a.tier, a.started_at "startedAt", a.ended_at "endedAt",
       a.cost_eur::float8 "costEur" FROM attempt a JOIN task t ON t.id = a.task_id WHERE t.pipeline_id = $1 ORDER BY a.task_id, a.n`,
    [pipelineId],
  );
  return Map.groupBy(rows, (r) => r.taskId);
}

function statusFor(t: TaskRow, p: Patience, waits: Map<number, string>): StatusView {
  const status = taskStatus(t, p);
  return status.look === 'queued' ? { ...status, word: shortWait(waits.get(t.id) ?? status.word) } : status;
}

/** One pipeline: its tasks, what is planned, and why each waits for which. Throws NOT_FOUND. */
export async function readPipeline(db: Db, timing: Timing, id: number): Promise<PipelineView> {
  const [head, chains, tasks, deps, follow, p, attempts] = await Promise.all([
    db.pool.query<{
      id: number;
      title: string;
      state: PipelineState;
      project_id: string | null;
      name: string | null;
      path: string | null;
      is_sample: boolean | null;
      created_at: Date;
      finished_at: Date | null;
    }>(
      `SELECT l.id, l.title, l.state, l.project_id, p.name, p.path, p.is_sample, l.created_at, l.finished_at
       FROM pipeline l LEFT JOIN project p ON p.id = l.project_id WHERE l.id = $1`,
      [id],
    ),
    db.pool.query<ChainRow>(
      `SELECT c.id, c.root_task_id, r.title, c.state, c.plan, c.cycle, c.rejects, c.accepted_at, e.kind ask_kind, e.state ask_state, e.asked_at ask_at
       FROM chain c JOIN task r ON r.id = c.root_task_id
       LEFT JOIN LATERAL (SELECT * FROM escalation e WHERE e.chain_id = c.id AND e.state IN ('OPEN', 'PENDING') ORDER BY e.id DESC LIMIT 1) e ON true
       WHERE c.pipeline_id = $1 ORDER BY c.id`,
      [id],
    ),
    readTasks(db.pool, 't.pipeline_id = $1 ORDER BY t.id', [id]),
    db.pool.query<{ task_id: number; on_task_id: number; kind: string; satisfied_at: Date | null }>(
      `SELECT d.* FROM dependency d JOIN task t ON t.id = d.task_id WHERE t.pipeline_id = $1`,
      [id],
    ),
    db.pool.query<{ task_id: number; mend_task_id: number; n: number }>(
      `SELECT f.task_id, f.mend_task_id, count(*)::int n FROM finding f JOIN task m ON m.id = f.mend_task_id
       WHERE m.pipeline_id = $1 AND m.origin = 'finding' GROUP BY 1, 2`,
      [id],
    ),
    patience(db.pool, timing),
    attemptsOf(db, id),
  ]);
  const row = head.rows[0];
  if (!row)
    throw new AlaiError(
      'NOT_FOUND',
      `Pipeline #${id} does not exist.`,
      'Choose one from the list of pipelines.',
    );
  const waits = await waitReasons(
    db.pool,
    tasks.filter((t) => t.status === 'OPEN' || t.status === 'QUEUED'),
  );
  const { nodes, edges } = draw({
    tasks: tasks.map((t) => ({
      id: t.id,
      title: t.title,
      state: t.status,
      stage: t.stage,
      cycle: t.cycle,
      chainId: t.chain_id,
      status: statusFor(t, p, waits),
      company: t.company,
      tier: t.tier,
      host: t.host,
      slot: t.slot,
      findings: t.findings,
      costEur: t.cost_eur,
      startedAt: t.started_at,
      finishedAt: t.finished_at,
      attempts: attempts.get(t.id) ?? [],
    })),
    chains: chains.rows.map((c) => ({
      id: c.id,
      rootTaskId: c.root_task_id,
      title: c.title,
      state: c.state,
      stages: c.plan.stages.map((s) => ({ stage: s.stage, company: s.company, tier: s.route.tier })),
      ask: c.ask_kind && {
        kind: c.ask_kind,
        status: { look: 'yours', word: askWord(c.ask_kind, c.ask_state), since: c.ask_at, heardAt: null },
      },
    })),
    deps: deps.rows.map((d) => ({
      taskId: d.task_id,
      onTaskId: d.on_task_id,
      kind: d.kind,
      satisfied: d.satisfied_at !== null,
    })),
    follow: follow.rows.map((f) => ({ taskId: f.task_id, mendTaskId: f.mend_task_id, n: f.n })),
  });

  const shape = [
    nodes.map((n) => [n.id, n.chainId, n.cycle, n.stage]),
    edges.map((e) => [e.from, e.to, e.kind, e.label]),
  ];
  return {
    id: row.id,
    title: row.title,
    state: row.state,
    projectId: row.project_id,
    projectName: row.name,
    projectPath: row.path,
    nodes,
    edges,
    chains: chains.rows.map((c) => ({
      id: c.id,
      rootTaskId: c.root_task_id,
      title: c.title,
      state: c.state,
      rejects: c.rejects,
      acceptedAt: c.accepted_at,
    })),
    counts: Object.fromEntries(
      taskStatuses.map((s) => [s, tasks.filter((t) => t.status === s).length]),
    ) as PipelineView['counts'],
    byStage: Object.fromEntries(
      stages.map((s) => [s, tasks.filter((t) => t.stage === s).length]),
    ) as PipelineView['byStage'],
    costEur: tasks.reduce((n, t) => n + t.cost_eur, 0),
    tokens: tasks.reduce((n, t) => n + t.tokens_in + t.tokens_out, 0),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    // The shipped sample is always rehearsed, so it says so before the first answer.
    scripted: row.is_sample === true || tasks.some((t) => t.scripted),
    dagHash: createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 16),
  };
}

/** Pipelines, newest first. */
export async function readPipelines(db: Db, limit: number): Promise<PipelineListItem[]> {
  const { rows } = await db.pool.query<{
    id: number;
    title: string;
    state: PipelineState;
    project_id: string | null;
    name: string | null;
    created_at: Date;
    finished_at: Date | null;
    counts: Record<string, number> | null;
    tasks: number;
    chains: number;
    cost: number;
    scripted: boolean;
  }>(
    `SELECT l.id, l.title, l.state, l.project_id, p.name, l.created_at, l.finished_at, c.counts, coalesce(c.tasks, 0)::int tasks,
       (SELECT count(*)::int FROM chain h WHERE h.pipeline_id = l.id) chains, coalesce(a.cost, 0)::float8 cost, coalesce(a.scripted, false) scripted
     FROM (SELECT * FROM pipeline ORDER BY id DESC LIMIT $1) l
     LEFT JOIN project p ON p.id = l.project_id
     LEFT JOIN LATERAL (SELECT jsonb_object_agg(s.status, s.n) counts, sum(s.n) tasks
       FROM (SELECT status, count(*)::int n FROM task WHERE pipeline_id = l.id GROUP BY 1) s) c ON true
     LEFT JOIN LATERAL (SELECT sum(a.cost_eur) cost, bool_or(a.scripted) scripted FROM attempt a JOIN task t ON t.id = a.task_id
       WHERE t.pipeline_id = l.id) a ON true
     ORDER BY l.id DESC`,
    [limit],
  );
  return rows.map((r) => ({
    id: r.id,
    title: r.title,
    state: r.state,
    projectId: r.project_id,
    projectName: r.name,
    costEur: r.cost,
    createdAt: r.created_at,
    finishedAt: r.finished_at,
    counts: Object.fromEntries(
      taskStatuses.map((s) => [s, r.counts?.[s] ?? 0]),
    ) as PipelineListItem['counts'],
    scripted: r.scripted,
    tasks: r.tasks,
    chains: r.chains,
  }));
}
