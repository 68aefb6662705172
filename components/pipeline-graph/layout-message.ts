import type { Stage } from '#server/domain/status.ts';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { assignRows, type Placed, place } from './layout.ts';

/** The shape of a pipeline without what a layout is blind to. */
export type Shape = Pick<PipelineView, 'nodes' | 'edges'>;
export interface LayoutRequest {
  key: string;
  shape: Shape;
  /** The rows of the present, where another moment or a folded picture is drawn. */
  base: Shape | null;
  earlier: [string, number][];
}
export interface LayoutAnswer {
  key: string;
  rows: [string, number][];
  placed: Placed;
  ms: number;
}

const slim = (s: Shape): Shape => ({
  nodes: s.nodes.map(({ id, taskId, chainId, cycle, stage }) => ({
    id,
    taskId,
    chainId,
    cycle,
    stage: stage as Stage,
  })) as never,
  edges: s.edges.map(({ id, from, to, kind }) => ({ id, from, to, kind })) as never,
});

/** What is sent to the worker: titles, costs and times stay here. */
export function requestOf(
  key: string,
  view: Shape,
  live: Shape | null,
  earlier: [string, number][],
): LayoutRequest {
  return { key, shape: slim(view), base: live && slim(live), earlier };
}

/** Rows and places of one picture. Pure, so that it runs in the worker, on the page and in tests alike. */
export function layOut(r: LayoutRequest): LayoutAnswer {
  const started = performance.now();
  const rows = assignRows((r.base ?? r.shape).nodes, new Map(r.earlier));
  const placed = place(r.shape, r.base ? assignRows(r.shape.nodes, rows) : rows);
  return { key: r.key, rows: [...rows], placed, ms: performance.now() - started };
}
