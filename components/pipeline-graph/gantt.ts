import type { Forecast } from '#server/domain/forecast.ts';
import type { PipelineNode, PipelineView } from '#server/domain/views/pipeline.ts';
import type { Look } from '#server/domain/views/status.ts';
import { tierName, withoutProject } from '../ui/words.ts';
import { groupId } from './collapse.ts';
import type { Placed } from './layout.ts';

/** A stretch of time of one node. */
export interface Bar {
  key: string;
  node: PipelineNode;
  kind: 'attempt' | 'wait' | 'plan';
  from: number;
  to: number;
  look: Look;
  words: string;
  /** The last attempt of a node carries its name. */
  named: boolean;
}
export interface Track {
  key: string;
  label: string;
  y: number;
  bars: Bar[];
}

const attemptLook = (n: PipelineNode, i: number): Look => {
  const a = n.attempts[i];
  if (i === n.attempts.length - 1) return n.status.look === 'queued' ? 'cancelled' : n.status.look;
  return a?.state === 'SUCCEEDED' ? 'done' : a?.state === 'YIELDED' ? 'cancelled' : 'failed';
};

/** The bars of one node: its attempts, the waits between them, and what is expected of it. */
function barsOf(n: PipelineNode, now: number, f: Forecast | null): Bar[] {
  const bars: Bar[] = [];
  const name = n.stage ?? 'Task';
  let last: number | null = null;
  n.attempts.forEach((a, i) => {
    const from = a.startedAt.getTime();
    if (last !== null && from - last > 0)
      bars.push({
        key: `${n.id}-w${a.id}`,
        node: n,
        kind: 'wait',
        from: last,
        to: from,
        look: 'queued',
        words: `${name} waited for attempt ${a.n}`,
        named: false,
      });
    last = a.endedAt?.getTime() ?? now;
    bars.push({
      key: `${n.id}-a${a.id}`,
      node: n,
      kind: 'attempt',
      from,
      to: last,
      look: attemptLook(n, i),
      words: `${name}, attempt ${a.n}, ${tierName(a.tier) ?? ''}: ${a.state.toLowerCase().replace(/_/g, ' ')}`,
      named: i === n.attempts.length - 1,
    });
  });
  if (n.attempts.length === 0 && n.startedAt)
    bars.push({
      key: n.id,
      node: n,
      kind: 'attempt',
      from: n.startedAt.getTime(),
      to: n.finishedAt?.getTime() ?? now,
      look: n.status.look,
      words: `${name}: ${n.status.word}`,
      named: true,
    });
  const expected = f?.nodes.get(n.id);
  if (f?.eta && expected?.expected && expected.end > now)
    bars.push({
      key: `${n.id}-p`,
      node: n,
      kind: 'plan',
      from: Math.max(expected.start, n.startedAt ? now : expected.start),
      to: expected.end,
      look: 'queued',
      words: `${name}, expected`,
      named: !n.startedAt,
    });
  return bars;
}

/** One track per chain in the order of the graph; between the nodes of a chain, the time nobody worked on it. */
export function tracksOf(view: PipelineView, placed: Placed, now: number, f: Forecast | null): Track[] {
  const chains = new Map(view.chains.map((c) => [c.id, c]));
  const groups = Map.groupBy(view.nodes, (n) => (n.chainId === null ? n.id : String(n.chainId)));
  const folded = (n: PipelineNode) => (n.chainId === null ? undefined : placed.nodes.get(groupId(n.chainId)));
  const tracks: Track[] = [];
  for (const [key, nodes] of groups) {
    const first = nodes[0];
    if (!first) continue;
    const chain = first.chainId === null ? undefined : chains.get(first.chainId);
    const bars = nodes.flatMap((n) => barsOf(n, now, f)).sort((a, b) => a.from - b.from);
    const waits: Bar[] = [];
    let until = bars[0]?.to ?? 0;
    for (const b of bars.slice(1)) {
      if (b.kind !== 'plan' && b.from - until > 0)
        waits.push({
          ...b,
          key: `${b.key}-before`,
          kind: 'wait',
          from: until,
          to: b.from,
          look: 'queued',
          words: `${b.node.stage ?? 'Task'} waited`,
          named: false,
        });
      until = Math.max(until, b.to);
    }
    tracks.push({
      key,
      label: chain
        ? `#${chain.rootTaskId} ${withoutProject(chain.title, view.projectName)}`
        : `#${first.taskId} ${first.title}`,
      y: Math.min(...nodes.map((n) => placed.nodes.get(n.id)?.y ?? folded(n)?.y ?? 0)),
      bars: [...waits, ...bars],
    });
  }
  return tracks.sort((a, b) => a.y - b.y);
}

/** Steps between the marks of the time axis. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400].map(
  (s) => s * 1000,
);

export interface Axis {
  from: number;
  length: number;
  step: number;
  marks: number[];
}

/** The clock over the tracks; null while nothing has begun and nothing is expected. */
export function axisOf(tracks: readonly Track[], now: number, open: boolean, zoom: number): Axis | null {
  let from = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const t of tracks)
    for (const b of t.bars) {
      if (b.kind !== 'plan') from = Math.min(from, b.from);
      last = Math.max(last, b.to);
    }
  if (!Number.isFinite(from)) return null;
  if (open) last = Math.max(last, now);
  const length = Math.max(10_000, (last - from) * 1.04);
  const step = steps.find((s) => length / s <= 8 * zoom) ?? 86_400_000;
  const marks: number[] = [];
  for (let t = Math.ceil(from / step) * step; t < from + length * (1 - 0.04 / zoom); t += step) marks.push(t);
  return { from, length, step, marks };
}
