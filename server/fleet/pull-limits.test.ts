import { expect, it } from 'vitest';
import { requireRoom } from './pull-limits.ts';

const look = (missing: number, free: number | null) => () => requireRoom('anvil', 'qwen3:8b', missing, free);

it.each([
  [10e9, 13e9],
  [10e9, null],
  // All of it is there: it is looked through, and needs no room any more.
  [0, 1e9],
])('a download that misses %s bytes goes on with %s of them free', (missing, free) => {
  expect(look(missing, free)).not.toThrow();
});

it.each([
  [10e9, 11e9],
  [1, 1e9],
])('a download that misses %s bytes ends with %s of them free', (missing, free) => {
  expect(look(missing, free)).toThrow(/more, and ANVIL has/);
});
