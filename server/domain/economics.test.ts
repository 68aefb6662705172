import { expect, it } from 'vitest';
import { suggestTiers, type TierRecord } from './economics.ts';

const on = (tier: number, attempts: number, succeeded: number, eur: number, ms = 60_000): TierRecord => ({
  kind: 'BUILD feature',
  ...{ tier, attempts, succeeded, eur, ms, failures: [] },
});

it('begins higher where most attempts fail and the way over the lower tier is the dearer one', () => {
  const [said] = suggestTiers([on(2, 20, 5, 0.2, 600_000), on(3, 15, 14, 0.05)]);
  expect(said).toMatchObject({ from: 2, to: 3, attempts: 35 });
  expect(said?.because).toContain('25 % of 20 attempts');
});

it('stays where the next tier is so dear that failing first still pays', () => {
  expect(suggestTiers([on(3, 20, 8, 0.01), on(4, 12, 12, 2)])).toEqual([]);
});

it('begins lower where the lower tier does as well for less', () => {
  expect(suggestTiers([on(2, 10, 9, 0.02), on(4, 30, 28, 0.9)])[0]).toMatchObject({ from: 4, to: 2 });
});

it('says nothing from anecdotes', () => {
  expect(suggestTiers([on(2, 7, 0, 1), on(3, 30, 30, 0.01)])).toEqual([]);
  expect(suggestTiers([])).toEqual([]);
});
