'use client';
import { useReactFlow, useStore, useViewport } from '@xyflow/react';
import { type PointerEvent, useEffect, useRef } from 'react';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { nodeH, nodeW, type Placed } from './layout.ts';

const width = 160;
const height = 110;

/** As wide as the map; a pipeline too tall for that is pressed together, because a hair's breadth shows nothing. */
function scaleOf(placed: Placed): { kx: number; ky: number } {
  const kx = width / placed.width;
  return { kx, ky: Math.min(kx, height / placed.height) };
}

/** Drawn once per picture on a canvas: thousands of elements would be counted again with every move of the view. */
function Paper({ view, placed }: { view: PipelineView; placed: Placed }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const el = canvas.current;
    const paper = el?.getContext('2d');
    if (!el || !paper) return;
    const { kx, ky } = scaleOf(placed);
    const style = getComputedStyle(el);
    const colours = new Map<string, string>();
    const colour = (name: string) => {
      const known = colours.get(name) ?? style.getPropertyValue(`--${name}`);
      colours.set(name, known);
      return known;
    };
    paper.setTransform(2, 0, 0, 2, 0, 0);
    paper.clearRect(0, 0, width, height);
    for (const n of view.nodes) {
      const at = placed.nodes.get(n.id);
      if (!at) continue;
      const look = n.status.look === 'none' ? 'queued' : n.status.look;
      paper.fillStyle = colour(n.planned ? 'line' : look);
      paper.fillRect(at.x * kx, at.y * ky, Math.max(1, nodeW * kx), Math.max(0.7, nodeH * ky));
    }
  }, [view, placed]);
  return <canvas ref={canvas} width={width * 2} height={height * 2} />;
}

/** What of the pipeline is seen now. */
function Window({ placed }: { placed: Placed }) {
  const { x, y, zoom } = useViewport();
  const seen = useStore((s) => `${s.width},${s.height}`)
    .split(',')
    .map(Number);
  const { kx, ky } = scaleOf(placed);
  const [w = 0, h = 0] = seen;
  return (
    <i
      style={{
        width: (w / zoom) * kx,
        height: Math.max(2, (h / zoom) * ky),
        transform: `translate(${(-x / zoom) * kx}px, ${(-y / zoom) * ky}px)`,
      }}
    />
  );
}

/** The whole pipeline in a corner; a press or a drag goes there. The keys J, K and 0 do the same without a pointer. */
export function GraphMap({ view, placed }: { view: PipelineView; placed: Placed }) {
  const flow = useReactFlow();
  const go = (e: PointerEvent<HTMLDivElement>) => {
    if (e.buttons === 0) return;
    const box = e.currentTarget.getBoundingClientRect();
    const { kx, ky } = scaleOf(placed);
    void flow.setCenter((e.clientX - box.left) / kx, (e.clientY - box.top) / ky, {
      zoom: flow.getZoom(),
    });
  };
  return (
    <div className="dag-map" aria-hidden="true" onPointerDown={go} onPointerMove={go}>
      <Paper view={view} placed={placed} />
      <Window placed={placed} />
    </div>
  );
}
