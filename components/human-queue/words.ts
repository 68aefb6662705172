import type { Outcome } from '#server/domain/views/question.ts';
import type { Answer, EscalationItem } from '#server/domain/views/queue.ts';
import type { Look } from '#server/domain/views/status.ts';

export const answerWords: Record<Answer, { name: string; did: string; key: string; look: Look }> = {
  approve: { name: 'Approve', did: 'approved', key: 'A', look: 'done' },
  send_back: { name: 'Send back', did: 'sent back', key: 'S', look: 'queued' },
  reject: { name: 'Reject', did: 'rejected', key: 'R', look: 'failed' },
};

/** A question in words is not sent back: it is answered. */
const answering = { name: 'Answer', did: 'answered', key: 'S', look: 'done' } as const;
export const wordsFor = (kind: EscalationItem['kind'] | undefined, answer: Answer) =>
  kind === 'question' && answer === 'send_back' ? answering : answerWords[answer];

export const kindWords: Record<EscalationItem['kind'], string> = {
  safety: 'Safety rule',
  retries: 'Retries used up',
  quality: 'Below the bar',
  rejects: 'Rejected three times',
  merge: 'Merge',
  question: 'Question',
  consent: 'Consent',
  dependency: 'Dependency failed',
  effect: 'Outcome unknown',
  minion: 'Minion done',
  budget: 'Budget',
  permission: 'Permission',
  plan: 'Plan',
};

export const outcomeWords: Record<Outcome, { word: string; look: Look }> = {
  merged: { word: 'Merged', look: 'done' },
  done: { word: 'Done', look: 'done' },
  reverted: { word: 'Reverted later', look: 'failed' },
  reopened: { word: 'Reopened later', look: 'failed' },
  'asked again': { word: 'Asked again later', look: 'yours' },
  failed: { word: 'Failed', look: 'failed' },
  cancelled: { word: 'Cancelled', look: 'cancelled' },
  running: { word: 'In work', look: 'running' },
  waits: { word: 'Waits', look: 'queued' },
};

/** An answer that needs a reason, because somebody has to act on it. */
export const needsReason = (answer: Answer): boolean => answer !== 'approve';

/** The question itself, and what an agent added to it: the command it wants to run, the answers to choose from. */
export function askedOf(question: string): { first: string; rest: string } {
  const at = question.indexOf('\n\n');
  return at < 0
    ? { first: question, rest: '' }
    : { first: question.slice(0, at), rest: question.slice(at + 2).trim() };
}
