import { type ChainState, isLiveTask, type Stage, stages, type TaskStatus } from './status.ts';
import type { PipelineEdge, PipelineNode } from './views/pipeline.ts';
import type { EscalationKind } from './views/queue.ts';
import type { StatusView } from './views/status.ts';

/** A task as the graph draws it, from a row or from a replay of the log. */
export interface PictureTask {
  id: number;
  title: string;
  state: TaskStatus;
  stage: Stage | null;
  cycle: number;
  chainId: number | null;
  status: StatusView;
  company: string | null;
  tier: number | null;
  host: string | null;
  slot: number | null;
  findings: number;
  costEur: number;
  startedAt: Date | null;
  finishedAt: Date | null;
  attempts: PipelineNode['attempts'];
}
export interface PictureChain {
  id: number;
  rootTaskId: number;
  title: string;
  state: ChainState;
  stages: { stage: Stage; company: string; tier: number }[];
  /** The open question about the chain as a whole. */
  ask: { kind: EscalationKind; status: StatusView } | null;
}
export interface Picture {
  tasks: PictureTask[];
  chains: PictureChain[];
  deps: { taskId: number; onTaskId: number; kind: string; satisfied: boolean }[];
  /** Findings of `taskId` that became the work `mendTaskId`. */
  follow: { taskId: number; mendTaskId: number; n: number }[];
}

const names: Record<Stage, string> = {
  BUILD: 'Build',
  REVIEW: 'Review',
  SECURITY: 'Security',
  OPS: 'Deploy setup',
  DOCS: 'Documentation',
};
const ghostId = (chain: number, stage: Stage) => `g${chain}-${stage}`;
const rankOf = (stage: Stage | null) => (stage ? stages.indexOf(stage) : 0);
const findingsWord = (n: number) => `${n} finding${n === 1 ? '' : 's'}`;

function nodeOf(t: PictureTask, chain: PictureChain | undefined, last: boolean): PipelineNode {
  const root = t.id === chain?.rootTaskId;
  return {
    id: `t${t.id}`,
    taskId: t.id,
    chainId: t.chainId,
    cycle: t.cycle,
    stage: t.stage,
    title: root || !t.stage ? t.title : t.stage === 'BUILD' ? (chain?.title ?? t.title) : names[t.stage],
    // A question about the chain hangs on its last task, because that is where the work stands.
    status: (last && chain?.ask?.status) || t.status,
    state: t.state,
    company: t.company,
    tier: t.tier,
    host: t.host,
    slot: t.slot,
    findings: t.findings,
    costEur: t.costEur,
    startedAt: t.startedAt,
    finishedAt: t.finishedAt,
    planned: false,
    attempts: t.attempts,
  };
}

/** Stages of the plan that have no task yet, after where the chain stands. */
function ghostsOf(chain: PictureChain, tasks: PictureTask[]): PipelineNode[] {
  if (chain.state === 'FINISHED' || chain.state === 'CANCELLED') return [];
  const last = tasks.reduce<PictureTask | null>((a, b) => (a && a.id > b.id ? a : b), null);
  if (!last?.stage) return [];
  const at = chain.stages.findIndex((s) => s.stage === last.stage);
  return chain.stages.slice(at + 1).map((s, i) => ({
    id: ghostId(chain.id, s.stage),
    taskId: null,
    chainId: chain.id,
    cycle: last.cycle,
    stage: s.stage,
    title: names[s.stage],
    status: {
      look: 'queued',
      word: i === 0 && isLiveTask(last.state) ? 'Next' : 'Planned',
      since: null,
      heardAt: null,
    },
    state: null,
    company: s.company,
    tier: s.tier,
    host: null,
    slot: null,
    findings: 0,
    costEur: 0,
    startedAt: null,
    finishedAt: null,
    planned: true,
    attempts: [],
  }));
}

/** Inside a chain: each stage to the next; back to an earlier one is a reject and says how many findings it carries. */
function chainEdges(tasks: PictureTask[], ghosts: PipelineNode[]): PipelineEdge[] {
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
    const label = t.findings > 0 ? findingsWord(t.findings) : 'again';
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
function acceptingNode(chain: PictureChain, tasks: PictureTask[]): string {
  const reviewing = chain.stages.filter((s) => s.stage !== 'OPS' && s.stage !== 'DOCS');
  const stage = reviewing[reviewing.length - 1]?.stage ?? 'BUILD';
  const cycle = Math.max(...tasks.map((t) => t.cycle));
  const older = tasks.filter((t) => t.stage === stage).sort((a, b) => b.id - a.id);
  const task = older.find((t) => t.cycle === cycle);
  if (task) return `t${task.id}`;
  // A cancelled chain has no planned stages, so the line starts where it ended.
  if (chain.state === 'FINISHED' || chain.state === 'CANCELLED')
    return `t${(older[0] ?? tasks[tasks.length - 1])?.id ?? chain.rootTaskId}`;
  return ghostId(chain.id, stage);
}

/** Nodes and edges of a pipeline at one moment: what is, what is planned, and what waits for which. Pure. */
export function draw(p: Picture): { nodes: PipelineNode[]; edges: PipelineEdge[] } {
  const byChain = Map.groupBy(p.tasks, (t) => t.chainId ?? 0);
  const nodes: PipelineNode[] = [];
  const edges: PipelineEdge[] = [];
  const byRoot = new Map<number, PictureChain>();
  const known = new Set(p.chains.map((c) => c.id));
  for (const chain of p.chains) {
    const own = byChain.get(chain.id) ?? [];
    if (own.length > 0) byRoot.set(chain.rootTaskId, chain);
    const ghosts = ghostsOf(chain, own);
    nodes.push(...own.map((t, i) => nodeOf(t, chain, i === own.length - 1)), ...ghosts);
    edges.push(...chainEdges(own, ghosts));
  }
  for (const t of p.tasks)
    if (t.chainId === null || !known.has(t.chainId)) nodes.push(nodeOf(t, undefined, false));

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
  for (const d of p.deps) {
    const chain = d.kind === 'accepted' ? byRoot.get(d.onTaskId) : undefined;
    const from = chain ? acceptingNode(chain, byChain.get(chain.id) ?? []) : `t${d.onTaskId}`;
    join(from, `t${d.taskId}`, 'depends', null, d.satisfied);
  }
  for (const f of p.follow) join(`t${f.taskId}`, `t${f.mendTaskId}`, 'follow-up', findingsWord(f.n), true);
  return { nodes, edges };
}
