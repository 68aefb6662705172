import { describe, expect, it } from 'vitest';
import { forecast } from '#server/domain/forecast.ts';
import type { NodeAttempt, PipelineView } from '#server/domain/views/pipeline.ts';
import { pipeline } from '../fixtures/pipeline.ts';
import { collapse, foldedChains } from './collapse.ts';
import { axisOf, tracksOf } from './gantt.ts';
import { assignRows, place } from './layout.ts';

const now = Date.parse('2026-11-21T14:32:00Z');
const at = (ago: number) => new Date(now - ago * 60_000);
const attempt = (n: number, from: number, to: number | null, state: NodeAttempt['state']): NodeAttempt => ({
  id: n,
  n,
  state,
  host: 'forge',
  slot: 1,
  model: 'm',
  tier: n,
  startedAt: at(from),
  endedAt: to === null ? null : at(to),
  costEur: 0,
});
const placed = place(pipeline, assignRows(pipeline.nodes, new Map()));
const tried: PipelineView = {
  ...pipeline,
  nodes: pipeline.nodes.map((n) =>
    n.id === 't4001'
      ? { ...n, attempts: [attempt(1, 60, 50, 'FAILED'), attempt(2, 40, 30, 'SUCCEEDED')] }
      : n,
  ),
};

describe('the tracks of a pipeline', () => {
  it('stand in the order of the graph', () => {
    const ys = tracksOf(pipeline, placed, now, null).map((t) => t.y);
    expect(ys).toEqual(ys.toSorted((a, b) => a - b));
    expect(ys).toHaveLength(new Set(pipeline.nodes.map((n) => n.chainId ?? n.id)).size);
  });

  it('keep that order when chains are folded', () => {
    const folded = collapse(pipeline, foldedChains(pipeline, { rule: 'all', flipped: new Set() }));
    const small = place(folded, assignRows(folded.nodes, new Map()));
    const keys = (p: typeof placed) => tracksOf(pipeline, p, now, null).map((t) => t.key);
    expect(keys(small)).toEqual(keys(placed));
  });

  it('draw each attempt, and the wait between two', () => {
    const bars = tracksOf(tried, placed, now, null)
      .flatMap((t) => t.bars)
      .filter((b) => b.node.id === 't4001');
    expect(bars.map((b) => [b.kind, b.look])).toEqual([
      ['attempt', 'failed'],
      ['wait', 'queued'],
      ['attempt', 'done'],
    ]);
    const [first, wait, second] = bars;
    expect([wait?.from, wait?.to]).toEqual([first?.to, second?.from]);
  });

  it('draw what is expected only where there is an estimate, and never in the past', () => {
    const kinds = (f: Parameters<typeof tracksOf>[3]) =>
      tracksOf(pipeline, placed, now, f).flatMap((t) => t.bars.filter((b) => b.kind === 'plan'));
    expect(kinds(forecast(pipeline, [], now))).toEqual([]);
    const entry = { company: null, n: 9, lowMs: 60_000, medianMs: 120_000, highMs: 180_000 };
    const history = [...new Set(pipeline.nodes.map((n) => n.stage))].map((stage) => ({ stage, ...entry }));
    const planned = kinds(forecast(pipeline, history, now));
    expect(planned.length).toBeGreaterThan(3);
    for (const b of planned) expect(b.from).toBeGreaterThanOrEqual(now);
  });

  it('stand over an axis that holds them all, with more marks the nearer one looks', () => {
    const tracks = tracksOf(tried, placed, now, null);
    const far = axisOf(tracks, now, true, 1);
    const near = axisOf(tracks, now, true, 8);
    for (const b of tracks.flatMap((t) => t.bars)) {
      expect(b.from).toBeGreaterThanOrEqual(far?.from ?? now);
      expect(b.to).toBeLessThanOrEqual((far?.from ?? 0) + (far?.length ?? 0));
    }
    expect(near?.marks.length).toBeGreaterThan(far?.marks.length ?? 0);
    expect(axisOf([], now, true, 1)).toBeNull();
  });
});
