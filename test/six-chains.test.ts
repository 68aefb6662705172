import { expect, it } from 'vitest';
import { tell } from './faults/story.ts';

it('six chains survive kills, a stopped worker and an emptied queue', { timeout: 120_000 }, async () => {
  const o = await tell({
    backend: 'postgres',
    chains: 6,
    projects: 2,
    kills: 3,
    stops: 1,
    empties: 1,
    web: false,
    limitMs: 100_000,
    seed: 7,
  });
  expect(o).toMatchObject({
    unfinished: [],
    violations: [],
    stepsDoneTwice: 0,
    missingFromMain: [],
    untold: [],
    leftBehind: [],
  });
  expect(o.finished).toBeGreaterThanOrEqual(6);
});
