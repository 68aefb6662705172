import type { AttemptPorts, ShortOf } from '#server/domain/attempt.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import type { Provider } from '#server/models/provider.ts';
import { tokensOf } from './prompt/tokens.ts';

/** The provider as an attempt may use it: every call first has to be allowed by the budgets, at the most it can cost. */
export function paid(provider: Provider, ports: Pick<AttemptPorts, 'beforeCall'>): Provider {
  return {
    ...provider,
    async chat(request) {
      await ports.beforeCall({
        provider: provider.id,
        model: request.model,
        tokensIn: tokensOf(JSON.stringify([request.messages, request.tools, request.format])),
        maxTokens: request.maxTokens,
        totalMs: request.totalMs,
      });
      request.signal.throwIfAborted();
      return await provider.chat(request);
    },
  };
}

/** What a refusal of the budgets says; null for every other error. */
export function shortOf(e: unknown): ShortOf | null {
  return isAlaiError(e) && e.code === 'BUDGET_EXCEEDED' ? (e.data as unknown as ShortOf) : null;
}

/** Whether an attempt that was told to stop can still say what it used: its lease is its own, and there is a database. */
export const mayStillTell = (signal: AbortSignal): boolean =>
  !signal.aborted || (signal.reason !== 'stale' && signal.reason !== 'database');
