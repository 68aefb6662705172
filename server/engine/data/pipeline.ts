import { createHash } from 'node:crypto';
import { AlaiError } from '#server/domain/errors.ts';
import { type ChainPlan, stageAfter } from '#server/domain/plan.ts';
import {
  type ChainState,
  isLiveTask,
  type PipelineState,
  type Stage,
  stages,
  taskStatuses,
} from '#server/domain/status.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { PipelineEdge, PipelineListItem, PipelineNode, PipelineView } from '#server/domain/views.ts';
import type { Db } from '#server/platform/db.ts';
import { patience, readTasks, type TaskRow, taskStatus } from './rows.ts';
import { askWord, type Patience } from './status.ts';
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

const names: Record<Stage, string> = {
  BUILD: 'Build',
  REVIEW: 'Review',
  SECURITY: 'Security',
  OPS: 'Deploy setup',
  DOCS: 'Documentation',
};
const ghostId = (chain: number, stage: Stage) => `g${chain}-${stage}`;

/** A wait as it fits a node: "After #4001", "FORGE · 2 ahead". */
function shortWait(words: string): string {
  return words
    .replace(/^Waits for (?=#)/, 'After ')
    .replace(/^Waits for /, '')
    .replace(/ to merge/g, '');
}

function nodeOf(
  t: TaskRow,
  chain: ChainRow | undefined,
  p: Patience,
  waits: Map<number, string>,
  last: boolean,
): PipelineNode {
  const root = t.id === chain?.root_task_id;
  let status = taskStatus(t, p);
  // A question about the chain hangs on its last task, because that is where the work stands.
  if (last && chain?.ask_kind)
    status = {
      look: 'yours',
      word: askWord(chain.ask_kind, chain.ask_state),
      since: chain.ask_at,
      heardAt: null,
    };
  else if (status.look === 'queued') status = { ...status, word: shortWait(waits.get(t.id) ?? status.word) };
  return {
    id: `t${t.id}`,
    taskId: t.id,
    chainId: t.chain_id,
    cycle: t.cycle,
    stage: t.stage,
    title: root || !t.stage ? t.title : t.stage === 'BUILD' ? (chain?.title ?? t.title) : names[t.stage],
    status,
    company: t.company,
    tier: t.tier,
    host: t.host,
    slot: t.slot,
    findings: t.findings,
    costUsd: t.cost_usd,
    startedAt: t.started_at,
    finishedAt: t.finished_at,
    planned: false,
  };
}

/** Stages of the plan that have no task yet, after where the chain stands. */
function ghostsOf(chain: ChainRow, tasks: TaskRow[]): PipelineNode[] {
  if (chain.state === 'FINISHED' || chain.state === 'CANCELLED') return [];
  const last = [...tasks].sort((a, b) => b.id - a.id)[0];
  if (!last?.stage) return [];
  const ghosts: PipelineNode[] = [];
  for (let s = stageAfter(chain.plan, last.stage); s; s = stageAfter(chain.plan, s.stage))
    ghosts.push({
      id: ghostId(chain.id, s.stage),
      taskId: null,
      chainId: chain.id,
      cycle: last.cycle,
      stage: s.stage,
      title: names[s.stage],
      status: {
        look: 'queued',
        word: ghosts.length === 0 && isLiveTask(last.status) ? 'Next' : 'Planned',
        since: null,
        heardAt: null,
      },
      company: s.company,
      tier: s.route.tier,
      host: null,
      slot: null,
      findings: 0,
      costUsd: 0,
      startedAt: null,
      finishedAt: null,
      planned: true,
    });
  return ghosts;
}

const rankOf = (stage: Stage | null) => (stage ? stages.indexOf(stage) : 0);

/** Inside a chain: each stage to the next; back to an earlier one is a reject and says how many findings it carries. */
function chainEdges(tasks: TaskRow[], ghosts: PipelineNode[]): PipelineEdge[] {
  const sorted = [...tasks].sort((a, b) => a.id - b.id);
  const edges: PipelineEdge[] = [];
  const add = (
    from: string,
    to: string,
    kind: PipelineEdge['kind'],
    label: string | null,
    satisfied: boolean,
  ) => edges.push({ id: `${from}>${to}`, from, to, kind, label, satisfied });
  sorted.forEach((t, i) => {
    const next = sorted[i + 1];
    if (!next) return;
    const back = rankOf(next.stage) <= rankOf(t.stage);
    const label = t.findings > 0 ? `${t.findings} finding${t.findings === 1 ? '' : 's'}` : 'again';
    add(`t${t.id}`, `t${next.id}`, back ? 'reject' : 'stage', back ? label : null, true);
  });
  const last = sorted[sorted.length - 1];
  ghosts.forEach((g, i) => {
    const from = i === 0 ? `t${last?.id}` : ghosts[i - 1]?.id;
    if (from) add(from, g.id, 'stage', null, false);
  });
  return edges;
}

/** The node that a dependant waits for: the stage that merges the chain, as a task or as a plan. */
function acceptingNode(chain: ChainRow, tasks: TaskRow[]): string {
  const reviewing = chain.plan.stages.filter((s) => s.stage !== 'OPS' && s.stage !== 'DOCS');
  const stage = reviewing[reviewing.length - 1]?.stage ?? 'BUILD';
  const task = tasks
    .filter((t) => t.stage === stage && t.cycle === Math.max(...tasks.map((x) => x.cycle)))
    .sort((a, b) => b.id - a.id)[0];
  const older = tasks.filter((t) => t.stage === stage).sort((a, b) => b.id - a.id)[0];
  if (task) return `t${task.id}`;
  // A cancelled chain has no planned stages, so the line starts where it ended.
  if (chain.state === 'FINISHED' || chain.state === 'CANCELLED')
    return `t${(older ?? tasks[tasks.length - 1])?.id ?? chain.root_task_id}`;
  return ghostId(chain.id, stage);
}

/** One pipeline: its tasks, what is planned, and why each waits for which. Throws NOT_FOUND. */
export async function readPipeline(db: Db, timing: Timing, id: number): Promise<PipelineView> {
  const [head, chains, tasks, deps, follow, p] = await Promise.all([
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
  const byChain = Map.groupBy(tasks, (t) => t.chain_id ?? 0);
  const nodes: PipelineNode[] = [];
  const edges: PipelineEdge[] = [];
  for (const chain of chains.rows) {
    const own = byChain.get(chain.id) ?? [];
    const ghosts = ghostsOf(chain, own);
    nodes.push(...own.map((t, i) => nodeOf(t, chain, p, waits, i === own.length - 1)));
    nodes.push(...ghosts);
    edges.push(...chainEdges(own, ghosts));
  }
  for (const t of byChain.get(0) ?? []) nodes.push(nodeOf(t, undefined, p, waits, false));

  const drawn = new Set(nodes.map((n) => n.id));
  const join = (
    from: string,
    to: string,
    kind: PipelineEdge['kind'],
    label: string | null,
    satisfied: boolean,
  ) => {
    if (drawn.has(from) && drawn.has(to))
      edges.push({ id: `${kind}:${from}>${to}`, from, to, kind, label, satisfied });
  };
  for (const d of deps.rows) {
    const chain = chains.rows.find((c) => c.root_task_id === d.on_task_id && byChain.has(c.id));
    const from =
      d.kind === 'accepted' && chain ? acceptingNode(chain, byChain.get(chain.id) ?? []) : `t${d.on_task_id}`;
    join(from, `t${d.task_id}`, 'depends', null, d.satisfied_at !== null);
  }
  for (const f of follow.rows)
    join(`t${f.task_id}`, `t${f.mend_task_id}`, 'follow-up', `${f.n} finding${f.n === 1 ? '' : 's'}`, true);

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
    costUsd: tasks.reduce((n, t) => n + t.cost_usd, 0),
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
     LEFT JOIN LATERAL (SELECT sum(a.cost_usd) cost, bool_or(a.scripted) scripted FROM attempt a JOIN task t ON t.id = a.task_id
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
    costUsd: r.cost,
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
