import { expect, test } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import {
  afterLook,
  isHung,
  JUST_STARTED,
  LIMITS,
  type Look,
  limitsAt,
  silentSeconds,
  wasAwake,
} from './silence.ts';

const fine: Look = { heard: true, awake: true, database: true };
const silent: Look = { ...fine, heard: false };
const after = (...looks: Look[]) => looks.reduce(afterLook, JUST_STARTED);
const times = (n: number, look: Look) => Array.from({ length: n }, () => look);

test('so many looks in a row without a sign of life, and not one fewer', () => {
  expect(isHung(after(fine, ...times(LIMITS.looks - 1, silent)), LIMITS)).toBe(false);
  const hung = after(fine, ...times(LIMITS.looks, silent));
  expect(isHung(hung, LIMITS)).toBe(true);
  expect(silentSeconds(hung, LIMITS)).toBe(60);
});

test('one sign of life, and it has all of its time again', () => {
  const half = times(LIMITS.looks - 1, silent);
  expect(isHung(after(fine, ...half, fine, ...half), LIMITS)).toBe(false);
});

test('what starts has longer, until it is heard of for the first time', () => {
  expect(isHung(after(...times(LIMITS.looksAtStart - 1, silent)), LIMITS)).toBe(false);
  expect(isHung(after(...times(LIMITS.looksAtStart, silent)), LIMITS)).toBe(true);
});

test('nobody is hung because the machine slept, or because the database is away', () => {
  const half = times(LIMITS.looks - 1, silent);
  expect(isHung(after(fine, ...half, { ...silent, awake: false }, ...half), LIMITS)).toBe(false);
  expect(isHung(after(fine, ...times(100, { ...silent, database: false }), ...half), LIMITS)).toBe(false);
  expect(wasAwake(8 * 3_600_000, LIMITS)).toBe(false);
  expect(wasAwake(LIMITS.everyMs + 900, LIMITS)).toBe(true);
  // The clock was set back.
  expect(wasAwake(-3_600_000, LIMITS)).toBe(true);
});

test.each([0.01, 1, 3, 12, 100])(
  'at %s times the usual pauses nobody is ended between two signs of life',
  (scale) => {
    const { looks, looksAtStart, everyMs } = limitsAt(scale);
    expect(looks).toBeGreaterThanOrEqual(LIMITS.looks);
    expect(looksAtStart).toBeGreaterThan(looks);
    const { heartbeat, sweep } = timing(scale);
    expect(looks * everyMs).toBeGreaterThanOrEqual(10 * Math.max(heartbeat, sweep));
  },
);
