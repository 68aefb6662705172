import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { HeldAttempts } from './held.ts';

const t = timing(0.01);
const until = async (signal: AbortSignal, ms: number) => {
  for (const end = Date.now() + ms; !signal.aborted && Date.now() < end; ) await sleep(10);
  return signal.reason as unknown;
};

/** What the pool of this worker answers: nothing at all, as behind a cut network, or a refusal. */
it.each([
  ['hangs', () => new Promise(() => {})],
  ['refuses', () => Promise.reject(new Error('connection refused'))],
])('gives its attempts up when the database %s for too long', async (_, query) => {
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
  try {
    await sleep(t.databaseSilence / 2);
    expect(signal.aborted).toBe(false);
    expect(await until(signal, t.databaseSilence * 5)).toBe('database');
    // Who cannot reach the database says nothing of itself either.
    expect(beats).toBe(0);
  } finally {
    held.close();
  }
});
