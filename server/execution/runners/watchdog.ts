import type { Limits } from '#server/domain/blueprint.ts';

/** Sees by numbers that a run turns in a circle, however well each of its calls goes. */

export interface Stopped {
  limit: 'identicalCalls' | 'tokensWithoutProgress';
  value: number;
  detail: string;
}

/** Tools that change the work: after one of them the same look may show something new. */
const CHANGING = new Set(['write', 'edit', 'plan', 'report', 'finding']);

export function createWatchdog(limits: Pick<Limits, 'identicalCalls' | 'tokensWithoutProgress'>) {
  const seen = new Map<string, number>();
  let tokens = 0;
  return {
    /** An answer of the model, with all that it read and wrote. */
    answered(used: number): Stopped | null {
      // Before this answer: what it does is not known yet, and one answer over a long context may be large.
      const idle = tokens;
      tokens += used;
      const value = limits.tokensWithoutProgress;
      if (idle <= value) return null;
      return {
        limit: 'tokensWithoutProgress',
        value,
        detail: `${idle} tokens, and nothing new was done, read or said`,
      };
    },
    /** A tool call with its answer. New is what was not there before: another call, or another answer to the same one. */
    called(name: string, args: unknown, ok: boolean, output: string): Stopped | null {
      const key = JSON.stringify([name, args, output]);
      const times = (seen.get(key) ?? 0) + 1;
      if (ok && CHANGING.has(name) && times === 1) seen.clear();
      if (ok && times === 1) tokens = 0;
      seen.set(key, times);
      const value = limits.identicalCalls;
      if (times < value) return null;
      return {
        limit: 'identicalCalls',
        value,
        detail: `${name} was called ${times} times alike, with the same answer`,
      };
    },
  };
}
