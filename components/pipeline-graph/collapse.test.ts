import { describe, expect, it } from 'vitest';
import { pipeline } from '../fixtures/pipeline.ts';
import { collapse, flip, foldedChains, foldOf, foldText } from './collapse.ts';

const all = foldedChains(pipeline, { rule: 'all', flipped: new Set() });

describe('folding chains', () => {
  it('draws one node for each chain and keeps what stands alone', () => {
    const { nodes } = collapse(pipeline, all);
    const alone = pipeline.nodes.filter((n) => n.chainId === null).length;
    expect(nodes).toHaveLength(pipeline.chains.length + alone);
  });

  it('ends every edge at a drawn node, none at itself, and none twice', () => {
    const { nodes, edges } = collapse(pipeline, all);
    const drawn = new Set(nodes.map((n) => n.id));
    for (const e of edges) {
      expect([drawn.has(e.from), drawn.has(e.to), e.from !== e.to]).toEqual([true, true, true]);
    }
    expect(new Set(edges.map((e) => e.id)).size).toBe(edges.length);
  });

  it('says what needs somebody before what runs', () => {
    const yours = pipeline.nodes.find((n) => n.status.look === 'yours' && n.chainId !== null);
    const { nodes } = collapse(pipeline, new Set([yours?.chainId as number]));
    expect(nodes.find((n) => n.id === `c${yours?.chainId}`)?.status.look).toBe('yours');
  });

  it('changes nothing when nothing is folded', () => {
    expect(collapse(pipeline, foldedChains(pipeline, foldOf(null)))).toBe(pipeline);
  });

  it('survives an address, also one that somebody made up', () => {
    const f = flip(flip({ rule: 'all', flipped: new Set() }, 3), 2);
    expect(foldText(foldOf(foldText(f)))).toBe('all,2,3');
    expect(foldText(flip(flip(foldOf(null), 3), 3))).toBeNull();
    expect(foldOf('<x>,-1,9e9,3')).toEqual({ rule: 'none', flipped: new Set([3]) });
  });
});
