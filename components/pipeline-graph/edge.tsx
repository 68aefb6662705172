'use client';
import { type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import { memo } from 'react';
import type { PipelineEdge } from '#server/domain/views/pipeline.ts';
import { type Point, pathOf } from './layout.ts';

export type RoutedEdgeData = {
  edge: PipelineEdge;
  points: Point[];
  at: Point;
  dim: boolean;
  lit: boolean;
  onPath: boolean;
  says: string | null;
};
export type RoutedEdge = Edge<RoutedEdgeData, 'routed'>;

/** The arrow head, turned along the last stretch. */
function tip(points: Point[]): string {
  const end = points[points.length - 1];
  const before = points[points.length - 2];
  if (!end || !before) return '';
  const angle = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI;
  return `translate(${end.x} ${end.y}) rotate(${angle})`;
}

/** A line on the route that the layout gave it; a reject is dashed amber and says how many findings it carries. */
export const RoutedEdgeView = memo(function RoutedEdgeView({ data }: EdgeProps<RoutedEdge>) {
  if (!data) return null;
  const { edge, points, at, dim, lit, onPath, says } = data;
  const state = `${edge.kind}${edge.satisfied ? ' met' : ''}${dim ? ' dim' : ''}${lit ? ' lit' : ''}${onPath ? ' on-path' : ''}`;
  return (
    <>
      <g className={`dag-edge ${state}`}>
        <path d={pathOf(points)} />
        <path className="tip" d="M-6 -4 L-1 0 L-6 4" transform={tip(points)} />
      </g>
      {says ? (
        <EdgeLabelRenderer>
          <span
            className={`tag dag-count${dim ? ' dim' : ''}${edge.kind === 'reject' ? '' : ' quiet'}`}
            style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}
          >
            {says}
          </span>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
});
