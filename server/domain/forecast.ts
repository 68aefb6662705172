import type { HistoryEntry } from './views/forecast.ts';
import type { PipelineEdge, PipelineNode, PipelineView } from './views/pipeline.ts';

/** Fewer than this is an anecdote, not a history. */
const enough = 3;

interface Range {
  low: number;
  median: number;
  high: number;
}
export interface NodeForecast {
  /** Measured where it is over, else what is expected; ms since the epoch. */
  start: number;
  end: number;
  durationMs: number;
  expected: boolean;
}
export interface Forecast {
  /** Node ids of the longest way through the pipeline, in order. */
  path: string[];
  pathMs: number;
  /** The range in which it ends; null when it is over or when nothing is known. */
  eta: { low: number; high: number } | null;
  /** Stages that wait to be done and have no history: why there is no ETA. */
  unknown: string[];
  /** Questions somebody has to answer first. */
  waitsForYou: number;
  nodes: Map<string, NodeForecast>;
}

/** The history of exactly this work, else of its stage in any company; null when too little was ever done. */
function rangeOf(n: PipelineNode, history: readonly HistoryEntry[]): Range | null {
  const own = history.find((h) => h.stage === n.stage && h.company === n.company);
  const any = history.find((h) => h.stage === n.stage && h.company === null);
  const found = own && own.n >= enough ? own : any && any.n >= enough ? any : null;
  return found ? { low: found.lowMs, median: found.medianMs, high: found.highMs } : null;
}

const over = (n: PipelineNode): boolean => n.finishedAt !== null;
/** Work that will not be done any more, or is: nothing of it lies ahead. */
const ahead = (n: PipelineNode): boolean => n.planned || !over(n);

/** Every node after those it follows; edges that would close a ring (which no pipeline has) are left out. */
export function topological(
  nodes: readonly PipelineNode[],
  edges: readonly PipelineEdge[],
): {
  order: string[];
  before: Map<string, string[]>;
} {
  const before = new Map<string, string[]>(nodes.map((n) => [n.id, []]));
  const after = new Map<string, string[]>(nodes.map((n) => [n.id, []]));
  const waiting = new Map<string, number>(nodes.map((n) => [n.id, 0]));
  for (const e of edges) {
    if (!before.has(e.from) || !before.has(e.to)) continue;
    before.get(e.to)?.push(e.from);
    after.get(e.from)?.push(e.to);
    waiting.set(e.to, (waiting.get(e.to) ?? 0) + 1);
  }
  const order: string[] = [];
  const ready = nodes.filter((n) => waiting.get(n.id) === 0).map((n) => n.id);
  const seen = new Set(ready);
  for (let i = 0; i < ready.length; i++) {
    const id = ready[i] as string;
    order.push(id);
    for (const next of after.get(id) ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0 && !seen.has(next)) {
        seen.add(next);
        ready.push(next);
      }
    }
  }
  for (const n of nodes) if (!seen.has(n.id)) order.push(n.id);
  const place = new Map(order.map((id, i) => [id, i]));
  for (const [id, list] of before)
    before.set(
      id,
      list.filter((b) => (place.get(b) ?? 0) < (place.get(id) ?? 0)),
    );
  return { order, before };
}

/** When it will be over, and which way through it decides that. Rejects are not foreseen. Pure. */
export function forecast(
  view: Pick<PipelineView, 'nodes' | 'edges' | 'finishedAt'>,
  history: readonly HistoryEntry[],
  now: number,
): Forecast {
  const byId = new Map(view.nodes.map((n) => [n.id, n]));
  const { order, before } = topological(view.nodes, view.edges);
  const nodes = new Map<string, NodeForecast>();
  const ends = { low: new Map<string, number>(), high: new Map<string, number>() };
  const length = new Map<string, number>();
  const from = new Map<string, string>();
  const unknown = new Set<string>();
  const latest = (ids: readonly string[], of: Map<string, number>) =>
    ids.reduce((t, id) => Math.max(t, of.get(id) ?? now), now);

  for (const id of order) {
    const n = byId.get(id);
    if (!n) continue;
    const preds = before.get(id) ?? [];
    const range = rangeOf(n, history);
    if (!ahead(n)) {
      const end = n.finishedAt?.getTime() ?? now;
      const start = n.startedAt?.getTime() ?? end;
      nodes.set(id, { start, end, durationMs: end - start, expected: false });
      ends.low.set(id, end);
      ends.high.set(id, end);
    } else {
      if (!range) unknown.add([n.stage ?? 'a task', n.company ? `by ${n.company}` : ''].join(' ').trim());
      const r = range ?? { low: 0, median: 0, high: 0 };
      const begun = n.startedAt !== null && !n.planned;
      const gone = begun ? now - (n.startedAt?.getTime() ?? now) : 0;
      const start = begun
        ? (n.startedAt?.getTime() ?? now)
        : latest(preds, new Map([...preds].map((p) => [p, nodes.get(p)?.end ?? now])));
      const end = begun ? now + Math.max(0, r.median - gone) : start + r.median;
      nodes.set(id, { start, end, durationMs: end - start, expected: true });
      ends.low.set(id, begun ? now + Math.max(0, r.low - gone) : latest(preds, ends.low) + r.low);
      ends.high.set(id, begun ? now + Math.max(0, r.high - gone) : latest(preds, ends.high) + r.high);
    }
    const best = preds.reduce<string | null>(
      (b, p) => (b === null || (length.get(p) ?? 0) > (length.get(b) ?? 0) ? p : b),
      null,
    );
    if (best !== null) from.set(id, best);
    length.set(id, (best === null ? 0 : (length.get(best) ?? 0)) + (nodes.get(id)?.durationMs ?? 0));
  }

  let last: string | null = null;
  for (const id of order) if (last === null || (length.get(id) ?? 0) >= (length.get(last) ?? 0)) last = id;
  const path: string[] = [];
  for (let id: string | undefined = last ?? undefined; id !== undefined; id = from.get(id)) path.unshift(id);

  const left = view.nodes.filter((n) => ahead(n));
  const eta =
    left.length === 0 || unknown.size > 0
      ? null
      : {
          low: left.reduce((t, n) => Math.max(t, ends.low.get(n.id) ?? now), now),
          high: left.reduce((t, n) => Math.max(t, ends.high.get(n.id) ?? now), now),
        };
  return {
    path,
    pathMs: last === null ? 0 : (length.get(last) ?? 0),
    eta,
    unknown: left.length === 0 ? [] : [...unknown].sort(),
    waitsForYou: view.nodes.filter((n) => n.status.look === 'yours').length,
    nodes,
  };
}
