import { describe, expect, it } from 'vitest';
import { areaOf } from '#server/engine/escalation-policy.ts';
import { type Judged, patternsOf } from './patterns.ts';
import { mostSimilar } from './similar.ts';

const one = (id: number, over: Partial<Judged> = {}): Judged => ({
  id,
  kind: 'minion',
  answer: 'approve',
  outcome: 'merged',
  regretted: false,
  facts: { company: 'Skybound', stage: 'BUILD', area: '*.md', labels: ['copy', `t${id}`] },
  ...over,
});
const many = (n: number, over: Partial<Judged> = {}) => Array.from({ length: n }, (_, i) => one(i + 1, over));

describe('a pattern', () => {
  it('is offered when people always approved the same kind of work, in words, with its decisions', () => {
    const [p, ...more] = patternsOf(many(14), []);
    expect(more).toEqual([]);
    expect(p).toMatchObject({ approved: 14, facts: { labels: ['copy'] } });
    expect(p?.said).toBe(
      'You approved 14 of 14: merges of minions of Skybound in BUILD changing *.md only labelled copy.',
    );
    expect(p?.decisions).toHaveLength(14);
  });
  it('is not offered for few, for a broken row, for a regret, for mixed work, or where a rule is in force', () => {
    expect(patternsOf(many(4), [])).toEqual([]);
    expect(patternsOf([...many(9), one(10, { answer: 'reject' })], [])).toEqual([]);
    expect(patternsOf([...many(9), one(10, { outcome: 'reverted', regretted: true })], [])).toEqual([]);
    const mixed = { company: 'Skybound', stage: 'BUILD', area: 'mixed files', labels: [] };
    expect(patternsOf(many(9, { facts: mixed }), [])).toEqual([]);
    const facts = { company: 'Skybound', stage: 'BUILD', area: '*.md', labels: ['copy'] };
    expect(patternsOf(many(9), [{ kind: 'minion', facts }])).toEqual([]);
  });
  it.each(['safety', 'consent', 'permission', 'budget'] as const)('is never offered for %s', (kind) =>
    expect(patternsOf(many(20, { kind }), [])).toEqual([]),
  );
});

it('an area is an ending, a folder, or neither', () => {
  expect(areaOf([])).toBe('no files');
  expect(areaOf(['docs/a.md', 'README.md'])).toBe('*.md');
  expect(areaOf(['docs/a.md', 'docs/b.png'])).toBe('docs/');
  expect(areaOf(['docs/a.md', 'src/b.ts'])).toBe('mixed files');
  expect(areaOf(['.env', '.npmrc'])).toBe('mixed files');
});

it('what is alike shares half of its words, in whatever case and ending', () => {
  const of = (title: string) => ({ title });
  const found = mostSimilar('Approve the PSD2 go-live in Norway', [
    of('Paint the fence'),
    of('Approve the PSD2 go-live in Denmark'),
    of('approve psd2 GO-LIVE'),
  ]);
  expect(found.map((f) => f.title)).toEqual(['approve psd2 GO-LIVE', 'Approve the PSD2 go-live in Denmark']);
});
