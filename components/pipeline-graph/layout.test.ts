import { describe, expect, it } from 'vitest';
import type { PipelineNode } from '#server/domain/views/pipeline.ts';
import { pipeline } from '../fixtures/pipeline.ts';
import { ancestry, assignRows, laneX, nodeH, nodeW, pathOf, place, walkOrder } from './layout.ts';

const fresh = assignRows(pipeline.nodes, new Map());
const placed = place(pipeline, fresh);
const at = (id: string) => placed.nodes.get(id) ?? { x: -1, y: -1 };

describe('the picture of a pipeline', () => {
  it('puts every stage into its lane', () => {
    expect(at('t4001').x).toBe(laneX(0));
    expect(at('t4006').x).toBe(laneX(1));
    expect(at('t4020').x).toBe(laneX(3));
  });

  it('keeps a chain in one row, and a later cycle right below it', () => {
    expect(at('t4006').y).toBe(at('t4001').y);
    expect(at('t4014').y).toBeGreaterThan(at('t4004').y + nodeH);
    expect(at('t4014').y).toBeLessThan(at('t4005').y);
  });

  it('covers no node with another', () => {
    const boxes = [...placed.nodes.values()];
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1))
        expect(Math.abs(a.x - b.x) >= nodeW || Math.abs(a.y - b.y) >= nodeH).toBe(true);
  });

  it('keeps what is drawn where it is when the graph grows', () => {
    const before = pipeline.nodes.filter((n) => n.cycle === 0);
    const rows = assignRows(before, new Map());
    const first = place({ nodes: before, edges: [] }, rows);
    const grown = place({ nodes: pipeline.nodes, edges: [] }, assignRows(pipeline.nodes, rows));
    for (const n of before) expect(grown.nodes.get(n.id)).toEqual(first.nodes.get(n.id));
  });

  it('is the same whatever order the nodes come in', () => {
    const shuffled = [...pipeline.nodes].reverse();
    expect(assignRows(shuffled, new Map())).toEqual(fresh);
  });

  it('does not look at status', () => {
    const changed: PipelineNode[] = pipeline.nodes.map((n) => ({
      ...n,
      status: { ...n.status, look: 'done' },
    }));
    expect(place({ nodes: changed, edges: pipeline.edges }, fresh).nodes).toEqual(placed.nodes);
  });

  it('draws every edge whose ends are drawn, with a path', () => {
    expect(placed.edges.size).toBe(pipeline.edges.length);
    for (const e of placed.edges.values()) expect(pathOf(e.points)).toMatch(/^M[\d.-]+ [\d.-]+ L/);
  });

  it('walks rows from the top and lanes from the left', () => {
    expect(walkOrder(pipeline, placed).slice(0, 3)).toEqual(['t4001', 't4006', 't4007']);
  });
});

describe('ancestry', () => {
  it('goes back through rejects and other chains, and no further', () => {
    const { nodes } = ancestry('t4014', pipeline.edges);
    expect([...nodes].sort()).toEqual([
      't4001',
      't4002',
      't4004',
      't4006',
      't4007',
      't4008',
      't4010',
      't4013',
      't4014',
    ]);
  });

  it('ends when a graph goes round in a ring', () => {
    const ring = [
      { id: 'a', from: '1', to: '2', kind: 'stage' as const, label: null, satisfied: true },
      { id: 'b', from: '2', to: '1', kind: 'reject' as const, label: null, satisfied: true },
    ];
    expect(ancestry('1', ring).nodes).toEqual(new Set(['1', '2']));
  });
});
