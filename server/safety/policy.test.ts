import { describe, expect, it } from 'vitest';
import { type Rail, railSchema } from '#server/domain/safety.ts';
import { judgeRails } from './policy.ts';

const rail = (r: Partial<Rail>): Rail =>
  railSchema.parse({ name: 'prices', reason: 'Prices are mine.', ...r });
const judged = (
  r: Partial<Rail>,
  title: string,
  o: { description?: string; tags?: string[]; project?: string } = {},
) =>
  judgeRails(
    [rail(r)],
    { title, description: o.description ?? '', tags: o.tags ?? [] },
    o.project ?? null,
  ) !== null;

describe('a phrase', () => {
  it.each([
    ['change price*', 'Change all the prices of May', true],
    ['change price*', 'Change the wording about shipping and our old prices', false],
    ['change price', 'Change priceless', false],
    ['promijeni cijen*', 'Promijeni cijene u radnji', true],
    ['endre pris*', 'Endre prisene i butikken', true],
    ['spisak želja', 'Napravi SPISAK ZELJA', true],
    ['price* + customer*', 'Tell our customers the new prices', true],
    ['price* + customer*', 'Tell everybody the new prices', false],
    ['c++ (beta)', 'Try c++ (beta)', true],
    ['price*', 'Сhange the рrices', true],
  ])('“%s” in “%s”: %s', (phrase, title, holds) => expect(judged({ words: [phrase] }, title)).toBe(holds));

  it('is looked for in every sentence and label, and freed only where the exception stands', () => {
    const words = { words: ['change price*'], unless: ['price tag'] };
    expect(judged(words, 'Tidy up', { description: 'First the tests.\nThen change prices.' })).toBe(true);
    expect(judged(words, 'Change the price tag colour')).toBe(false);
    expect(judged(words, 'Change the price tag. Then change prices.')).toBe(true);
  });
});

it('a label or a named file holds, too', () => {
  expect(judged({ labels: ['Board'] }, 'Anything', { tags: ['board'] })).toBe(true);
  expect(judged({ paths: ['billing/**'] }, 'Rename a variable in billing/tax/vat.ts')).toBe(true);
  expect(judged({ paths: ['billing/**'] }, 'Rename a variable in src/billing.ts')).toBe(false);
});

it('a rail of one project leaves the others alone', () => {
  const mine = { labels: ['x'], projectId: 'shop' };
  expect(judged(mine, 'A', { tags: ['x'], project: 'shop' })).toBe(true);
  expect(judged(mine, 'A', { tags: ['x'], project: 'blog' })).toBe(false);
});

it.each([
  [{ name: 'x', reason: 'because' }, 'names nothing to hold'],
  [{ name: '../etc', reason: 'because', labels: ['a'] }, 'has a name that is none'],
  [{ name: 'good', reason: '', labels: ['a'] }, 'says no reason'],
  [{ name: 'good', reason: 'because', words: ['*'] }, 'has a phrase without letters'],
])('a rail that %j is refused', (r, _why) => expect(railSchema.safeParse(r).success).toBe(false));

it('a phrase cannot make the machine think for long', () => {
  const nasty = rail({ words: ['ab* a* a* a* a* a* a* b', '(ab+)+$'] });
  const from = performance.now();
  judgeRails([nasty], { title: 'ab a '.repeat(75), description: 'ab a '.repeat(10_000), tags: [] }, null);
  expect(performance.now() - from).toBeLessThan(10_000);
});
