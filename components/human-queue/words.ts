import { answerName } from '#server/domain/answers.ts';
import type { Outcome } from '#server/domain/views/question.ts';
import type { Answer, EscalationItem } from '#server/domain/views/queue.ts';
import type { Look } from '#server/domain/views/status.ts';

const marks: Record<Answer, { key: string; look: Look }> = {
  approve: { key: 'A', look: 'done' },
  send_back: { key: 'S', look: 'queued' },
  reject: { key: 'R', look: 'failed' },
};

/** How an answer to such a question is called, keyed and coloured. */
export const wordsFor = (kind: EscalationItem['kind'] | undefined, answer: Answer) => ({
  ...answerName(kind, answer),
  ...marks[answer],
  // A question in words is answered and done with; a raise too.
  ...(answer === 'send_back' && (kind === 'question' || kind === 'budget') ? { look: 'done' as const } : {}),
});

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

/** The question itself, and what an agent added to it: the command it wants to run, the answers to choose from. */
export function askedOf(question: string): { first: string; rest: string } {
  const at = question.indexOf('\n\n');
  return at < 0
    ? { first: question, rest: '' }
    : { first: question.slice(0, at), rest: question.slice(at + 2).trim() };
}
