import type { CheckResult } from '#server/domain/checks.ts';
import type { CheckInput } from '#server/domain/seams.ts';

/** What a check answers; name and time are added by who runs it. */
export type Answer = Pick<CheckResult, 'state' | 'detail'> &
  Partial<Pick<CheckResult, 'blocking' | 'evidence' | 'command'>>;

/** One of the nineteen. It never throws for what it finds, only for what breaks it. */
export type Check = (input: CheckInput) => Promise<Answer>;

export const pass = (detail: string, evidence = ''): Answer => ({ state: 'pass', detail, evidence });

/** A failure that the score may outvote. */
export const fail = (detail: string, evidence = ''): Answer => ({ state: 'fail', detail, evidence });

/** A failure that stops the work whatever the score is. */
export const block = (detail: string, evidence = ''): Answer => ({
  state: 'fail',
  blocking: true,
  detail,
  evidence,
});

/** Neither pass nor fail; `rule` says by which rule. */
export const notApplicable = (rule: string): Answer => ({ state: 'not applicable', detail: rule });

export const pending = (detail: string): Answer => ({ state: 'pending', detail });

/** At most `n` lines of a list, and how many more there are. */
export function lines(all: string[], n = 30): string {
  const more = all.length - n;
  return [...all.slice(0, n), ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
}

export const READ_ONLY = 'This task may not change files.';
