import { afterEach, expect, it, vi } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { HeldAttempts } from './held.ts';

const t = timing(1);
afterEach(() => vi.useRealTimers());

/** What the pool of this worker answers: nothing at all, as behind a cut network, or a refusal. */
it.each([
  ['hangs', () => new Promise(() => {})],
  ['refuses', () => Promise.reject(new Error('connection refused'))],
])('gives its attempts up when the database %s for too long', async (_, query) => {
  vi.useFakeTimers();
  let beats = 0;
  const held = new HeldAttempts({
    db: { pool: { query } } as unknown as Db,
    timing: t,
    worker: { id: 'w', host: 'forge' },
    log: { warn: () => {} } as unknown as Logger,
    onTakenOver: () => {},
    onRestart: () => {},
    onBeat: () => beats++,
  });
  const signal = held.hold(1, 1);
  held.start();
  await vi.advanceTimersByTimeAsync(t.databaseSilence);
  expect(signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(t.heartbeat);
  expect(signal.reason).toBe('database');
  // Who cannot reach the database says nothing of itself either.
  expect(beats).toBe(0);
  held.close();
});
