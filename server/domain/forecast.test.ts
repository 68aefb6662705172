import { describe, expect, it } from 'vitest';
import { forecast, topological } from './forecast.ts';
import type { HistoryEntry } from './views/forecast.ts';
import type { PipelineEdge, PipelineNode } from './views/pipeline.ts';

const now = 1_000_000;
const node = (id: string, over: Partial<PipelineNode> = {}): PipelineNode => ({
  id,
  taskId: 1,
  chainId: 1,
  cycle: 0,
  stage: 'BUILD',
  title: id,
  status: { look: 'queued', word: '', since: null, heardAt: null },
  state: 'OPEN',
  company: 'CodeCraft',
  tier: 1,
  host: null,
  slot: null,
  findings: 0,
  costEur: 0,
  startedAt: null,
  finishedAt: null,
  planned: false,
  attempts: [],
  ...over,
});
const edge = (from: string, to: string): PipelineEdge => ({
  id: `${from}>${to}`,
  from,
  to,
  kind: 'depends',
  label: null,
  satisfied: false,
});
const ran = (from: number, to: number) => ({
  startedAt: new Date(from),
  finishedAt: new Date(to),
  state: 'DONE' as const,
});
const history = (over: Partial<HistoryEntry> = {}): HistoryEntry => ({
  stage: 'BUILD',
  company: 'CodeCraft',
  n: 10,
  lowMs: 100,
  medianMs: 200,
  highMs: 400,
  ...over,
});

describe('a forecast', () => {
  it('finds the longest way by what was measured and what is expected', () => {
    const nodes = [node('a', ran(0, 900)), node('b', ran(0, 50)), node('c'), node('d')];
    const f = forecast(
      { nodes, edges: [edge('a', 'c'), edge('b', 'd')], finishedAt: null },
      [history()],
      now,
    );
    expect(f.path).toEqual(['a', 'c']);
    expect(f.pathMs).toBe(1_100);
  });

  it('is a range, and work that waits for work comes after it', () => {
    const nodes = [node('a'), node('b')];
    const f = forecast({ nodes, edges: [edge('a', 'b')], finishedAt: null }, [history()], now);
    expect(f.eta).toEqual({ low: now + 200, high: now + 800 });
    expect(f.nodes.get('b')).toMatchObject({ start: now + 200, end: now + 400, expected: true });
  });

  it('counts what a running node has run already, and never ends it in the past', () => {
    const at = (ago: number) => ({ startedAt: new Date(now - ago), state: 'RUNNING' as const });
    const soon = forecast({ nodes: [node('a', at(150))], edges: [], finishedAt: null }, [history()], now);
    expect(soon.eta).toEqual({ low: now, high: now + 250 });
    const late = forecast({ nodes: [node('a', at(5_000))], edges: [], finishedAt: null }, [history()], now);
    expect(late.eta).toEqual({ low: now, high: now });
  });

  it('says that there is no history instead of guessing', () => {
    const nodes = [node('a'), node('b', { stage: 'DOCS', company: 'Lexicon', planned: true })];
    const f = forecast(
      { nodes, edges: [edge('a', 'b')], finishedAt: null },
      [history(), history({ stage: 'DOCS', n: 2 })],
      now,
    );
    expect(f.eta).toBeNull();
    expect(f.unknown).toEqual(['DOCS by Lexicon']);
  });

  it('takes the stage of any company where its own has done too little', () => {
    const any = history({ company: null, medianMs: 70, lowMs: 70, highMs: 70 });
    const f = forecast(
      { nodes: [node('a', { company: 'Vizu' })], edges: [], finishedAt: null },
      [history(), any],
      now,
    );
    expect(f.eta).toEqual({ low: now + 70, high: now + 70 });
  });

  it('has nothing ahead when everything is over, and survives an empty pipeline', () => {
    const done = forecast({ nodes: [node('a', ran(0, 9))], edges: [], finishedAt: new Date(9) }, [], now);
    expect(done).toMatchObject({ eta: null, unknown: [], path: ['a'] });
    expect(forecast({ nodes: [], edges: [], finishedAt: null }, [], now).path).toEqual([]);
  });

  it('orders a ring that must not exist without hanging', () => {
    const nodes = [node('a'), node('b'), node('c')];
    const { order, before } = topological(nodes, [edge('a', 'b'), edge('b', 'a'), edge('a', 'c')]);
    expect(order.toSorted()).toEqual(['a', 'b', 'c']);
    expect([...before.values()].flat().length).toBeLessThan(3);
  });
});
