import type { Severity } from './views/notifications.ts';

/** What notices there are, by severity: what a channel's rules choose between. `noticeOf` of the notifications room makes them. */
export const told: Record<Severity, { kind: string; says: string }[]> = {
  urgent: [
    {
      kind: 'question',
      says: 'a question about money, rights or something half done outside, and any asked again',
    },
    {
      kind: 'trouble',
      says: 'the fleet: no host is heard of at all, or a disk is so full that nothing new starts',
    },
    { kind: 'factory', says: 'somebody stopped the factory' },
  ],
  normal: [
    { kind: 'question', says: 'any other question, and one that is given to you' },
    {
      kind: 'trouble',
      says: 'the fleet: a host is gone, a model or its server is silent, a key is not taken, an account is empty, a disk fills, a process ends again and again; and when it is over',
    },
    { kind: 'budget', says: 'four fifths of a budget are spent' },
    { kind: 'task', says: 'a task failed' },
    { kind: 'pipeline', says: 'a pipeline failed' },
    { kind: 'stuck', says: 'an agent ran out of its time' },
  ],
  low: [
    { kind: 'pipeline', says: 'a pipeline is done' },
    { kind: 'stuck', says: 'an agent fell silent, and its work was taken up again' },
  ],
};
