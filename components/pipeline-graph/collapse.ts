import type { PipelineEdge, PipelineNode, PipelineView } from '#server/domain/views/pipeline.ts';
import type { Look } from '#server/domain/views/status.ts';

/** Which chains are drawn as one node: a rule for all of them, and those that are the other way round. */
export interface Fold {
  rule: 'none' | 'done' | 'all';
  flipped: ReadonlySet<number>;
}

/** "all,12,13" of an address; whatever cannot be read folds nothing. */
export function foldOf(text: string | null): Fold {
  const [rule = '', ...ids] = (text ?? '').split(',');
  return {
    rule: rule === 'done' || rule === 'all' ? rule : 'none',
    flipped: new Set(ids.filter((id) => /^\d{1,15}$/.test(id)).map(Number)),
  };
}
export function foldText(f: Fold): string | null {
  return f.rule === 'none' && f.flipped.size === 0
    ? null
    : [f.rule, ...[...f.flipped].sort((a, b) => a - b)].join(',');
}
export function flip(f: Fold, chain: number): Fold {
  const flipped = new Set(f.flipped);
  if (!flipped.delete(chain)) flipped.add(chain);
  return { ...f, flipped };
}

const over = ['FINISHED', 'CANCELLED'];
export function foldedChains(view: PipelineView, f: Fold): Set<number> {
  return new Set(
    view.chains
      .filter(
        (c) => (f.rule === 'all' || (f.rule === 'done' && over.includes(c.state))) !== f.flipped.has(c.id),
      )
      .map((c) => c.id),
  );
}

export const groupId = (chain: number): string => `c${chain}`;

/** What one node says of many: what needs somebody comes before what runs, and that before what is over. */
const order: Look[] = ['yours', 'stale', 'running', 'failed', 'queued', 'none', 'done', 'cancelled'];

function groupOf(chain: PipelineView['chains'][number], nodes: PipelineNode[]): PipelineNode {
  const tasks = nodes.filter((n) => !n.planned);
  const last = tasks[tasks.length - 1] ?? (nodes[0] as PipelineNode);
  const loud = order.slice(0, 3).flatMap((look) => tasks.filter((n) => n.status.look === look))[0];
  const shown = loud ?? last;
  const begun = tasks.flatMap((n) => n.startedAt ?? []);
  const done = tasks.filter((n) => n.state === 'DONE').length;
  return {
    ...shown,
    id: groupId(chain.id),
    taskId: chain.rootTaskId,
    chainId: chain.id,
    cycle: 0,
    stage: null,
    company: null,
    title: chain.title,
    status:
      chain.state === 'FINISHED'
        ? { look: 'done', word: `Done, ${done} tasks`, since: null, heardAt: null }
        : chain.state === 'CANCELLED'
          ? { look: 'cancelled', word: 'Cancelled', since: null, heardAt: null }
          : { ...shown.status, word: `${shown.stage ?? 'Task'}: ${shown.status.word}` },
    findings: 0,
    costEur: nodes.reduce((n, x) => n + x.costEur, 0),
    startedAt: begun.length > 0 ? new Date(Math.min(...begun.map((d) => d.getTime()))) : null,
    finishedAt: over.includes(chain.state) ? last.finishedAt : null,
    planned: false,
    attempts: [],
  };
}

/** The same pipeline with some chains as one node each. Edges end at the node that stands for theirs; double ones are one. */
export function collapse(view: PipelineView, chains: ReadonlySet<number>): PipelineView {
  if (chains.size === 0) return view;
  const groups = Map.groupBy(
    view.nodes.filter((n) => n.chainId !== null && chains.has(n.chainId)),
    (n) => n.chainId as number,
  );
  const stands = new Map<string, string>();
  for (const [chain, nodes] of groups) for (const n of nodes) stands.set(n.id, groupId(chain));
  const nodes = view.nodes.filter((n) => !stands.has(n.id));
  for (const c of view.chains) {
    const own = groups.get(c.id);
    if (own) nodes.push(groupOf(c, own));
  }
  const edges = new Map<string, PipelineEdge>();
  for (const e of view.edges) {
    const from = stands.get(e.from) ?? e.from;
    const to = stands.get(e.to) ?? e.to;
    if (from === to) continue;
    const id = from === e.from && to === e.to ? e.id : `${e.kind}:${from}>${to}`;
    const known = edges.get(id);
    edges.set(id, { ...e, id, from, to, satisfied: e.satisfied && (known?.satisfied ?? true) });
  }
  return {
    ...view,
    nodes,
    edges: [...edges.values()],
    dagHash: `${view.dagHash}+${[...groups.keys()].sort((a, b) => a - b).join('.')}`,
  };
}
