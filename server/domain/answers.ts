import type { Answer, EscalationKind } from './views/queue.ts';

/** Which answers a question takes, what they are called, and which need a reason. For pages, the phone, Slack and the terminal. */

export const answersOf: Record<EscalationKind, readonly Answer[]> = {
  safety: ['approve', 'reject'],
  retries: ['approve', 'send_back', 'reject'],
  quality: ['approve', 'send_back', 'reject'],
  rejects: ['approve', 'send_back', 'reject'],
  merge: ['approve', 'send_back', 'reject'],
  question: ['send_back', 'reject'],
  consent: ['approve', 'reject'],
  dependency: ['approve', 'reject'],
  effect: ['approve', 'reject'],
  minion: ['approve', 'send_back', 'reject'],
  budget: ['approve', 'send_back', 'reject'],
  permission: ['approve', 'send_back', 'reject'],
  plan: ['approve', 'send_back', 'reject'],
  key: ['approve', 'send_back', 'reject'],
  quota: ['approve', 'send_back', 'reject'],
  stopped: ['approve', 'send_back', 'reject'],
};

/** What is asked, in two words, where the question itself has no room. */
export const kindWords: Record<EscalationKind, string> = {
  safety: 'Safety rule',
  retries: 'Failed',
  quality: 'Below the bar',
  rejects: 'Rejected three times',
  merge: 'Cannot be merged',
  question: 'An agent asks',
  consent: 'No sandbox',
  dependency: 'Dependency failed',
  effect: 'Outcome unknown',
  minion: 'Minion done',
  budget: 'Budget',
  permission: 'Permission',
  plan: 'Plan to approve',
  key: 'Key not taken',
  quota: 'Account empty',
  stopped: 'Stopped by a person',
};

export interface AnswerName {
  /** On a button. */
  name: string;
  /** Afterwards: "#4001 approved". */
  did: string;
}

const plainNames: Record<Answer, AnswerName> = {
  approve: { name: 'Approve', did: 'approved' },
  send_back: { name: 'Send back', did: 'sent back' },
  reject: { name: 'Reject', did: 'rejected' },
};
const again = { name: 'Try again', did: 'tried again' };
const otherTier = { name: 'Other tier', did: 'sent to another tier' };

/** Where the plain name would not say what happens. */
const ownNames: Partial<Record<EscalationKind, Partial<Record<Answer, AnswerName>>>> = {
  retries: { approve: again },
  quality: { approve: again },
  merge: { approve: again },
  question: { send_back: { name: 'Answer', did: 'answered' } },
  dependency: { approve: { name: 'Start it', did: 'started' } },
  effect: { approve: { name: 'It happened', did: 'written down' } },
  minion: { approve: { name: 'Merge', did: 'merged' }, reject: { name: 'Discard', did: 'discarded' } },
  budget: {
    approve: { name: 'Raise', did: 'raised' },
    send_back: { name: 'Raise more', did: 'raised by more' },
  },
  key: { approve: again, send_back: otherTier },
  quota: { approve: again, send_back: otherTier },
  stopped: { approve: { name: 'Go on', did: 'let go on' } },
};

/** What an answer to such a question is called; the plain name where the kind is not known. */
export const answerName = (kind: EscalationKind | undefined, answer: Answer): AnswerName =>
  (kind && ownNames[kind]?.[answer]) ?? plainNames[answer];

/** Sending back chooses between ways to go on here, and is no word to an agent. */
const choosing: readonly EscalationKind[] = ['budget', 'key', 'quota'];

/** Whether this answer chooses another way to go on. */
export const isChoice = (kind: EscalationKind, answer: Answer): boolean =>
  answer === 'send_back' && choosing.includes(kind);

/** The answers that this question takes: a second way to go on only where there is one. */
export const answersTaken = (
  kind: EscalationKind,
  context: { elsewhere?: object | null | undefined; budget?: { more?: number | undefined } | undefined },
): readonly Answer[] =>
  answersOf[kind].filter((a) => !isChoice(kind, a) || context.elsewhere || context.budget?.more);

/** An answer that needs a reason, because somebody has to act on it. */
export const needsReason = (kind: EscalationKind | undefined, answer: Answer): boolean =>
  answer === 'reject' || (answer === 'send_back' && !(kind && isChoice(kind, answer)));
