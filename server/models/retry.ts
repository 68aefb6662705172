import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient } from './provider.ts';

export interface RetryOptions {
  signal: AbortSignal;
  /** Tries after the first. */
  max?: number;
  /** First pause; doubles, with jitter so that several slots do not come back together. */
  backoffMs?: number;
  onRetry?: (error: unknown, n: number) => void;
}

/** The only place where a model call is repeated: on transient refusals, at most twice, with a growing pause. */
export async function withRetries<T>(call: () => Promise<T>, o: RetryOptions): Promise<T> {
  const max = o.max ?? 2;
  for (let n = 0; ; n++) {
    o.signal.throwIfAborted();
    try {
      return await call();
    } catch (e) {
      o.signal.throwIfAborted();
      if (n >= max || !isTransient(e)) throw e;
      o.onRetry?.(e, n + 1);
      const pause = (o.backoffMs ?? 400) * 2 ** n * (0.75 + Math.random() / 2);
      await sleep(pause, undefined, { signal: o.signal }).catch(() => o.signal.throwIfAborted());
    }
  }
}
