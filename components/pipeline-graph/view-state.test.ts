import { describe, expect, it } from 'vitest';
import { pipeline } from '../fixtures/pipeline.ts';
import { allowedActs } from './act-words.ts';
import { momentOf, sightOf, sightText } from './address.ts';
import { eventWords, headline } from './event-words.ts';
import { findNodes } from './find.tsx';
import { layOut, requestOf } from './layout-message.ts';

const event = (type: string, more = {}) => ({
  seq: 1,
  tx: '1',
  at: new Date(),
  type,
  entity: type.split('.')[0] ?? '',
  entityId: '1',
  from: null,
  to: null,
  actor: 'Alem',
  reason: '',
  taskId: 4001,
  data: {},
  ...more,
});

describe('an address', () => {
  it('holds a place and a moment, and refuses what somebody made up', () => {
    expect(sightOf(sightText({ x: -120.4, y: 36, zoom: 0.8 }))).toEqual({ x: -120, y: 36, zoom: 0.8 });
    for (const bad of [null, '', '1,2', 'a,b,c', '1e99,0,1', 'Infinity,0,1']) expect(sightOf(bad)).toBeNull();
    expect([momentOf('1795280327536'), momentOf('-1'), momentOf('x'), momentOf(null)]).toEqual([
      1795280327536,
      null,
      null,
      null,
    ]);
  });
});

describe('finding', () => {
  it('takes a number first, and every word of a text', () => {
    expect(findNodes(pipeline.nodes, '#4001')[0]?.id).toBe('t4001');
    expect(findNodes(pipeline.nodes, 'database built').map((n) => n.id)).toEqual(['t4002']);
    expect(findNodes(pipeline.nodes, '  ')).toEqual([]);
    expect(findNodes(pipeline.nodes, 'nothing has this')).toEqual([]);
  });
});

describe('the words of an event', () => {
  it('say what became of whom, with text of others as plain text', () => {
    expect(eventWords(event('task.done', { data: { verdict: 'reject' } }))).toBe('#4001 rejects');
    expect(eventWords(event('finding.made', { data: { title: 'a\u202Eb' } }))).not.toContain('\u202E');
    expect(eventWords(event('thing.never_heard_of'))).toBe('#4001 thing never heard of');
  });
  it('of a moment are its weightiest', () => {
    const all = [event('dependency.met'), event('chain.changed'), event('task.done'), event('task.queued')];
    expect(headline(all)?.type).toBe('task.done');
    expect(headline([])).toBeUndefined();
  });
});

describe('what may be done to a node', () => {
  it('follows its state: nothing is skipped that runs, nothing runs again that is not over', () => {
    const acts = (id: string) => {
      const node = pipeline.nodes.find((n) => n.id === id);
      return node ? allowedActs(node, pipeline) : [];
    };
    expect(acts('t4014')).not.toContain('skip');
    const planned = pipeline.nodes.find((n) => n.planned && n.stage === 'REVIEW');
    expect(acts(planned?.id ?? '')).toEqual([]);
    const docs = pipeline.nodes.find((n) => n.planned && n.stage === 'DOCS');
    expect(acts(docs?.id ?? '')).toEqual(['stage']);
  });
});

describe('a layout by message', () => {
  it('carries the shape alone, and answers what the page would have drawn itself', () => {
    const request = requestOf('k', pipeline, null, []);
    expect(JSON.stringify(request)).not.toContain('Database schema');
    const answer = layOut(structuredClone(request));
    expect(answer.placed.nodes.size).toBe(pipeline.nodes.length);
    expect(answer.placed.edges.size).toBe(pipeline.edges.length);
  });

  it('draws a past moment on the rows of the present', () => {
    const past = { nodes: pipeline.nodes.filter((n) => n.chainId !== 1), edges: [] };
    const present = layOut(requestOf('a', pipeline, null, []));
    const drawn = layOut(requestOf('b', past, pipeline, present.rows));
    const rows = new Map(present.rows);
    expect(drawn.rows.every(([key, row]) => rows.get(key) === row)).toBe(true);
  });

  it('lays two thousand nodes out well under two seconds', () => {
    const nodes = Array.from({ length: 400 }, (_, c) =>
      pipeline.nodes
        .slice(0, 5)
        .map((n, i) => ({ ...n, id: `n${c}-${i}`, chainId: c, taskId: c * 5 + i, cycle: 0 })),
    ).flat();
    const edges = nodes.flatMap((n, i) => {
      const before = nodes[i - 1];
      return before
        ? [
            {
              ...(pipeline.edges[0] as (typeof pipeline.edges)[number]),
              id: `e${i}`,
              from: before.id,
              to: n.id,
            },
          ]
        : [];
    });
    expect(layOut(requestOf('big', { nodes, edges }, null, [])).ms).toBeLessThan(1_000);
  });
});
