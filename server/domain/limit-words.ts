import { AlaiError } from './errors.ts';

/** What a run had had when a number ended it, by the names in a blueprint's `limits`. */
const had: Record<string, (n: string) => string> = {
  turns: (n) => `${n} turns`,
  tokens: (n) => `${n} tokens`,
  seconds: (n) => `${n} s`,
  outputBytes: (n) => `${n} bytes of output`,
  idleSeconds: (n) => `${n} s without a sign of life`,
  identicalFailures: (n) => `${n} failures that were all alike`,
  identicalCalls: (n) => `${n} calls that were all alike`,
  tokensWithoutProgress: (n) => `${n} tokens without progress`,
};

/**
 * The error of a run that one of its numbers ended: in words first, and with the name under which a blueprint raises it.
 * @param who "the agent", "the step “plan”".
 * @param detail what it did when it was stopped, if that is known.
 */
export function limitReached(who: string, limit: string, value: number, detail = ''): AlaiError {
  const n = value.toLocaleString('en-US');
  return new AlaiError(
    'LIMIT_REACHED',
    `${who} was stopped after ${had[limit]?.(n) ?? `${n} (${limit})`}${detail ? `: ${detail}` : ''}`,
    `Raise its limit ${limit} in the blueprint, or make the task smaller.`,
    { limit, value },
  );
}
