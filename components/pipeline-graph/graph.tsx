'use client';
import '@xyflow/react/dist/base.css';
import { ReactFlow, ReactFlowProvider, useReactFlow, useStore, useViewport } from '@xyflow/react';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { stages } from '#server/domain/status.ts';
import type { PipelineEdge, PipelineView } from '#server/domain/views/pipeline.ts';
import { companyName, withoutProject } from '../ui/words.ts';
import type { Sight } from './address.ts';
import { type RoutedEdge, RoutedEdgeView } from './edge.tsx';
import { ancestry, gutter, laneOf, lane as laneW, nodeH, nodeW, type Placed } from './layout.ts';
import { GraphMap } from './map.tsx';
import { type StageNode, StageNodeView } from './node.tsx';

const nodeTypes = { stage: StageNodeView };
const edgeTypes = { routed: RoutedEdgeView };
const headH = 36;

/** Lane names and lines; the names stay at the top while the picture moves under them. */
function Lanes({ view }: { view: PipelineView }) {
  const { x, zoom } = useViewport();
  const who = useMemo(
    () =>
      stages.map((_, i) => [
        ...new Set(view.nodes.filter((n) => laneOf(n) === i && n.company).map((n) => companyName(n.company))),
      ]),
    [view.nodes],
  );
  return (
    <>
      {stages.map((stage, i) => {
        const left = x + (i === 0 ? 0 : gutter + i * laneW) * zoom;
        const inset = (i === 0 ? gutter + 16 : 16) * zoom;
        return (
          <div
            key={stage}
            className="dag-lane"
            style={{ left, width: (laneW + (i === 0 ? gutter : 0)) * zoom }}
          >
            <h3 style={{ paddingLeft: inset, height: headH }}>
              {stage} <span className="cut">{(who[i] ?? []).join(', ')}</span>
            </h3>
          </div>
        );
      })}
    </>
  );
}

/** What an edge says: a reject its findings, always; what blocks what, once somebody looks at it. */
function says(e: PipelineEdge, numbers: ReadonlyMap<string, number | null>, asked: boolean): string | null {
  if (e.kind === 'reject') return e.label;
  if (!asked || e.kind === 'stage') return null;
  if (e.kind === 'follow-up') return `became #${numbers.get(e.to) ?? ''}`;
  const from = numbers.get(e.from);
  const by = from === null || from === undefined ? 'a planned stage' : `#${from}`;
  return e.satisfied ? `${by} was waited for` : `${by} blocks #${numbers.get(e.to) ?? ''}`;
}

interface GraphProps {
  view: PipelineView;
  placed: Placed;
  selected: string | null;
  onSelect: (id: string | null) => void;
  follow: boolean;
  /** The critical path, while it is shown. */
  path: ReadonlySet<string> | null;
  /** Where an address says the graph is looked at; the beginning otherwise. */
  sight: Sight | null;
  onSight: (s: Sight) => void;
  /** Grows by one when the whole picture is wanted. */
  fit: number;
}

function Canvas({ view, placed, selected, onSelect, follow, fit, path, sight, onSight }: GraphProps) {
  const flow = useReactFlow();
  const width = useStore((s) => s.width);
  const height = useStore((s) => s.height);
  const [hovered, setHovered] = useState<string | null>(null);
  const lit = useMemo(() => (hovered ? ancestry(hovered, view.edges) : null), [hovered, view.edges]);

  const nodes = useMemo<StageNode[]>(
    () =>
      view.nodes.flatMap((node) => {
        // What has just come has its place as soon as the layout has answered.
        const position = placed.nodes.get(node.id);
        if (!position) return [];
        return {
          id: node.id,
          type: 'stage' as const,
          position,
          width: nodeW,
          height: nodeH,
          ariaLabel: `${node.taskId === null ? '' : `#${node.taskId} `}${node.stage ?? 'Task'}, ${node.title}: ${node.status.word}`,
          data: {
            node: { ...node, title: withoutProject(node.title, view.projectName) },
            chosen: node.id === selected,
            dim: lit !== null && !lit.nodes.has(node.id),
            onPath: path?.has(node.id) ?? false,
          },
        };
      }),
    [view.nodes, view.projectName, placed, selected, lit, path],
  );
  const numbers = useMemo(() => new Map(view.nodes.map((n) => [n.id, n.taskId])), [view.nodes]);
  const edges = useMemo<RoutedEdge[]>(
    () =>
      view.edges.flatMap((edge) => {
        const route = placed.edges.get(edge.id);
        if (!route) return [];
        const isLit = lit?.edges.has(edge.id) ?? false;
        return {
          id: edge.id,
          type: 'routed' as const,
          source: edge.from,
          target: edge.to,
          focusable: false,
          zIndex: edge.kind === 'reject' || isLit ? 2 : 0,
          data: {
            edge,
            points: route.points,
            at: route.label,
            lit: isLit,
            dim: lit !== null && !isLit,
            onPath: (path?.has(edge.from) && path.has(edge.to)) ?? false,
            says: says(edge, numbers, isLit || edge.to === selected),
          },
        };
      }),
    [view.edges, placed, lit, path, selected, numbers],
  );

  // The first picture starts at the top left at full size where it fits; nothing moves the view afterwards unasked.
  const placedOnce = useRef(false);
  useEffect(() => {
    if (placedOnce.current || width === 0) return;
    placedOnce.current = true;
    if (sight) {
      void flow.setViewport(sight);
      return;
    }
    const zoom = Math.min(1, Math.max(0.7, (width - 8) / placed.width));
    void flow.setViewport({ x: 0, y: headH, zoom });
  }, [width, placed, flow, sight]);

  useEffect(() => {
    if (fit === 0 || width === 0) return;
    const zoom = Math.min(1, (width - 8) / placed.width, (height - headH - 16) / placed.height);
    void flow.setViewport({ x: 0, y: headH, zoom }, { duration: 200 });
  }, [fit, width, height, placed, flow]);

  // Follow: the newest running stage comes into view, and only while asked.
  const target = follow
    ? view.nodes
        .filter((n) => n.status.look === 'running')
        .sort((a, b) => (b.startedAt?.getTime() ?? 0) - (a.startedAt?.getTime() ?? 0))[0]?.id
    : undefined;
  const bring = useCallback(
    (id: string | undefined | null, duration: number) => {
      const at = id ? placed.nodes.get(id) : undefined;
      if (!at || width === 0) return;
      const { x, y, zoom } = flow.getViewport();
      const left = at.x * zoom + x;
      const topEdge = at.y * zoom + y;
      const dx = left < 8 ? 8 - left : Math.min(0, width - 8 - (left + nodeW * zoom));
      const dy =
        topEdge < headH + 8 ? headH + 8 - topEdge : Math.min(0, height - 16 - (topEdge + nodeH * zoom));
      if (dx || dy) void flow.setViewport({ x: x + dx, y: y + dy, zoom }, { duration });
    },
    [placed, flow, width, height],
  );
  useEffect(() => bring(target, 200), [target, bring]);
  // Walking with J and K must not walk out of the picture.
  useEffect(() => bring(selected, 120), [selected, bring]);

  return (
    <>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodeClick={(_, n) => onSelect(n.id)}
        onNodeMouseEnter={(_, n) => setHovered(n.id)}
        onNodeMouseLeave={() => setHovered(null)}
        onPaneClick={() => onSelect(null)}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        nodesFocusable
        elementsSelectable
        panOnScroll
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
        minZoom={0.05}
        maxZoom={1.5}
        translateExtent={[
          [-80, -120],
          [placed.width + 400, placed.height + 400],
        ]}
        onlyRenderVisibleElements={view.nodes.length > 150}
        proOptions={{ hideAttribution: true }}
        onMoveEnd={(e, at) => (e ? onSight(at) : undefined)}
        onSelectionChange={({ nodes: chosen }) => {
          const id = chosen[0]?.id;
          if (id && id !== selected) onSelect(id);
        }}
      />
      <Lanes view={view} />
      {view.nodes.length > 12 ? <GraphMap view={view} placed={placed} /> : null}
    </>
  );
}

/** The live DAG in its five lanes. */
export const Graph = memo(function Graph(props: GraphProps) {
  return (
    <div className="dag" data-testid="dag">
      <ReactFlowProvider>
        <Canvas {...props} />
      </ReactFlowProvider>
    </div>
  );
});
