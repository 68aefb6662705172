import { setTimeout as sleep } from 'node:timers/promises';
import { isAlaiError } from '#server/domain/errors.ts';
import { isTransient, retryAfterOf } from './provider.ts';

export interface RetryOptions {
  signal: AbortSignal;
  /** Tries after the first. */
  max?: number;
  /** First pause; doubles, with jitter so that several slots do not come back together. */
  backoffMs?: number;
  /** The longest a server's own wish is waited for; longer ones fail at once. */
  patienceMs?: number;
  onRetry?: (error: unknown, n: number) => void;
}

/** The only place where a model call is repeated: on transient refusals, at most twice, with a growing pause. */
export async function withRetries<T>(call: () => Promise<T>, o: RetryOptions): Promise<T> {
  const max = o.max ?? 2;
  let before: unknown;
  for (let n = 0; ; n++) {
    o.signal.throwIfAborted();
    try {
      return await call();
    } catch (e) {
      o.signal.throwIfAborted();
      // Its breaker opened on the way: what opened it says more, and asking on the spot is what it is there against.
      if (isAlaiError(e) && e.code === 'MODEL_PAUSED') throw before ?? e;
      const wish = retryAfterOf(e) ?? 0;
      if (n >= max || !isTransient(e) || wish > (o.patienceMs ?? 60_000)) throw e;
      before = e;
      o.onRetry?.(e, n + 1);
      const pause = Math.max(wish, (o.backoffMs ?? 400) * 2 ** n * (0.75 + Math.random() / 2));
      await sleep(pause, undefined, { signal: o.signal }).catch(() => o.signal.throwIfAborted());
    }
  }
}
