import { afterEach, expect, test, vi } from 'vitest';
import { every } from './every.ts';

afterEach(() => vi.useRealTimers());

test('a round that never ends is known by how long it takes, and what ends is not held against the next', async () => {
  vi.useFakeTimers();
  let end: () => void = () => {};
  const failed: unknown[] = [];
  let n = 0;
  const rounds = every(
    1_000,
    () => (++n === 1 ? Promise.reject(new Error('once')) : new Promise((resolve) => (end = resolve))),
    (e) => failed.push(e),
  );
  expect(rounds.takingMs).toBe(0);
  await vi.advanceTimersByTimeAsync(500);
  expect([failed.length, rounds.takingMs]).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(60_500);
  expect(rounds.takingMs).toBe(60_000);
  end();
  await vi.advanceTimersByTimeAsync(0);
  expect(rounds.takingMs).toBe(0);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([n, rounds.takingMs]).toEqual([3, 2_000]);
  rounds.stop();
});
