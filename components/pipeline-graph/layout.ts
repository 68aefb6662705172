import { stages } from '#server/domain/status.ts';
import type { PipelineEdge, PipelineNode, PipelineView } from '#server/domain/views/pipeline.ts';

export const nodeW = 168;
export const nodeH = 48;
export const lane = 200;
/** Left of the first lane: room for the lines between chains. */
export const gutter = 24;
const rowGap = 16;
/** A row that a reject led to stands a little lower, so that the back-edge and its label have room. */
const cycleGap = 24;
const top = 8;

export interface Point {
  x: number;
  y: number;
}
export interface Placed {
  nodes: Map<string, Point>;
  edges: Map<string, { points: Point[]; label: Point }>;
  width: number;
  height: number;
}

/** The lane of a node; a task without a stage stands where BUILD stands. */
export const laneOf = (n: PipelineNode): number => Math.max(0, n.stage ? stages.indexOf(n.stage) : 0);
export const laneX = (index: number): number => gutter + index * lane + 16;

/** Chain and cycle share a row; OPS and DOCS run once, after the last cycle. A task without a chain has its own. */
function rowKey(n: PipelineNode): string {
  return n.chainId === null ? n.id : `${n.chainId}:${n.cycle}`;
}

/**
 * Row numbers that survive growth: what stands keeps its row, new rows are appended in a fixed order. Given no earlier
 * rows, a chain's cycles stand under each other.
 */
export function assignRows(nodes: PipelineNode[], earlier: ReadonlyMap<string, number>): Map<string, number> {
  const rows = new Map<string, number>();
  const ranks = new Map<string, [number, number, number]>();
  const roots = new Map<number, number>();
  for (const n of nodes)
    if (n.chainId !== null && n.taskId !== null)
      roots.set(n.chainId, Math.min(roots.get(n.chainId) ?? Number.MAX_SAFE_INTEGER, n.taskId));
  for (const n of nodes) {
    const key = rowKey(n);
    const first = (n.chainId === null ? n.taskId : roots.get(n.chainId)) ?? Number.MAX_SAFE_INTEGER;
    if (!ranks.has(key)) ranks.set(key, [first, n.chainId ?? 0, n.cycle]);
  }
  let next = 0;
  for (const [key, row] of earlier)
    if (ranks.has(key)) {
      rows.set(key, row);
      next = Math.max(next, row + 1);
    }
  const fresh = [...ranks].filter(([key]) => !rows.has(key));
  fresh.sort(([, a], [, b]) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  for (const [key] of fresh) rows.set(key, next++);
  return rows;
}

/** Lines run in the gaps between rows and in the gutters between lanes, so that none crosses a node. */
function route(edge: PipelineEdge, from: Point, to: Point, slot: number): { points: Point[]; label: Point } {
  const middle = nodeH / 2;
  if (edge.kind === 'stage' && from.y === to.y && to.x > from.x) {
    const points = [
      { x: from.x + nodeW, y: from.y + middle },
      { x: to.x, y: to.y + middle },
    ];
    return { points, label: { x: (from.x + nodeW + to.x) / 2, y: from.y + middle } };
  }
  if (edge.kind === 'reject') {
    const start = from.x + 24;
    const end = to.x + 84;
    const below = from.y + nodeH + rowGap + 4;
    const above = to.y - 20;
    // Straight when the next row is ours, else down the gutter right of the target's lane.
    const points =
      Math.abs(above - below) < 24
        ? [
            { x: start, y: from.y + nodeH },
            { x: start, y: above },
            { x: end, y: above },
            { x: end, y: to.y },
          ]
        : [
            { x: start, y: from.y + nodeH },
            { x: start, y: from.y + nodeH + 8 },
            { x: to.x + nodeW + 16, y: from.y + nodeH + 8 },
            { x: to.x + nodeW + 16, y: above },
            { x: end, y: above },
            { x: end, y: to.y },
          ];
    return { points, label: { x: (start + end) / 2 + (start - end) * 0.05, y: above } };
  }
  // Between chains: out of the source's foot, along its row's gap to a gutter, and into the target from the left.
  const offset = slot * 4;
  const leave = from.x + nodeW - 24 - offset;
  const gap = from.y + nodeH + 6 + (offset % 8);
  const side = Math.min(from.x, to.x) - 8 - offset;
  const entry = to.y + middle + (edge.kind === 'stage' ? 0 : Math.min(offset, 12) - 4);
  return {
    points: [
      { x: leave, y: from.y + nodeH },
      { x: leave, y: gap },
      { x: side, y: gap },
      { x: side, y: entry },
      { x: to.x, y: entry },
    ],
    label: { x: leave, y: gap },
  };
}

/** Places a pipeline in its five lanes. Deterministic, and blind to status: the same DAG has the same picture. */
export function place(
  view: Pick<PipelineView, 'nodes' | 'edges'>,
  rows: ReadonlyMap<string, number>,
): Placed {
  const byRow = new Map<number, string>();
  const lower = new Set<number>();
  for (const n of view.nodes) {
    const row = rows.get(rowKey(n)) ?? 0;
    byRow.set(row, rowKey(n));
    if (n.cycle > 0) lower.add(row);
  }
  const tops = new Map<number, number>();
  let y = top;
  for (const row of [...byRow.keys()].sort((a, b) => a - b)) {
    if (lower.has(row)) y += cycleGap;
    tops.set(row, y);
    y += nodeH + rowGap;
  }

  const nodes = new Map<string, Point>();
  const taken = new Map<string, number>();
  for (const n of view.nodes) {
    const row = rows.get(rowKey(n)) ?? 0;
    const cell = `${row}:${laneOf(n)}`;
    const nth = taken.get(cell) ?? 0;
    taken.set(cell, nth + 1);
    nodes.set(n.id, { x: laneX(laneOf(n)) + nth * 6, y: (tops.get(row) ?? 0) + nth * 6 });
  }

  const edges = new Map<string, { points: Point[]; label: Point }>();
  const slots = new Map<string, number>();
  for (const e of view.edges) {
    const from = nodes.get(e.from);
    const to = nodes.get(e.to);
    if (!from || !to) continue;
    const across = e.kind === 'depends' || e.kind === 'follow-up' || from.y !== to.y;
    const slot = across ? (slots.get(e.from) ?? slots.size % 4) : 0;
    if (across) slots.set(e.from, slot);
    edges.set(e.id, route(e, from, to, slot));
  }
  return { nodes, edges, width: gutter + 4 * lane + 16 + nodeW, height: Math.max(y, nodeH + top) };
}

/** A polyline with 8 px round corners as an SVG path. */
export function pathOf(points: Point[], radius = 8): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let d = `M${first.x} ${first.y}`;
  rest.forEach((p, i) => {
    const before = points[i] as Point;
    const after = rest[i + 1];
    if (!after) {
      d += ` L${p.x} ${p.y}`;
      return;
    }
    const cut = (q: Point) => {
      const length = Math.hypot(q.x - p.x, q.y - p.y) || 1;
      const r = Math.min(radius, length / 2);
      return { x: p.x + ((q.x - p.x) / length) * r, y: p.y + ((q.y - p.y) / length) * r };
    };
    const enter = cut(before);
    const leave = cut(after);
    d += ` L${enter.x} ${enter.y} Q${p.x} ${p.y} ${leave.x} ${leave.y}`;
  });
  return d;
}

/** A node and everything that led to it, over every kind of edge. */
export function ancestry(id: string, edges: PipelineEdge[]): { nodes: Set<string>; edges: Set<string> } {
  const into = new Map<string, PipelineEdge[]>();
  for (const e of edges) into.set(e.to, [...(into.get(e.to) ?? []), e]);
  const nodes = new Set([id]);
  const lit = new Set<string>();
  const waiting = [id];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop())
    for (const e of into.get(at) ?? []) {
      lit.add(e.id);
      if (!nodes.has(e.from)) {
        nodes.add(e.from);
        waiting.push(e.from);
      }
    }
  return { nodes, edges: lit };
}

/** The order in which J and K walk: rows from the top, lanes from the left. */
export function walkOrder(view: Pick<PipelineView, 'nodes'>, placed: Placed): string[] {
  return view.nodes
    .map((n) => ({ id: n.id, at: placed.nodes.get(n.id) ?? { x: 0, y: 0 } }))
    .sort((a, b) => a.at.y - b.at.y || a.at.x - b.at.x)
    .map((n) => n.id);
}
