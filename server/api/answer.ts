import { AlaiError } from '#server/domain/errors.ts';
import type { Answer } from '#server/domain/views/queue.ts';
import { whyNotAnswer } from '#server/domain/who-answers.ts';
import { decide, undoDecision } from '#server/engine/decide.ts';
import { readKind } from '#server/human-queue/data.ts';
import { actorOf, type Viewer } from './auth.ts';
import type { Services } from './services.ts';

/** One answer of one person, whatever carried it: a page, the terminal, a button in Slack. */
export async function answerOne(
  s: Services,
  viewer: Viewer,
  input: { id: number; answer: Answer; note: string; digest: string },
): Promise<{ effectiveAt: Date }> {
  const asked = await readKind(s.db, input.id);
  const why = asked && whyNotAnswer(viewer, asked.kind);
  if (why) throw new AlaiError('NOT_ALLOWED', why, 'Ask the CEO to answer it.');
  return await decide(s.db, { ...input, undoMs: s.timing.undo }, actorOf(viewer));
}

/** Takes an answer back while its ten seconds run: one's own, or anybody's for the CEO. */
export async function takeBack(s: Services, viewer: Viewer, id: number): Promise<void> {
  const asked = await readKind(s.db, id);
  if (asked?.answeredBy && asked.answeredBy !== viewer.name && viewer.role !== 'ceo')
    throw new AlaiError(
      'NOT_ALLOWED',
      `This is the answer of ${asked.answeredBy}.`,
      `Ask ${asked.answeredBy} or the CEO to take it back.`,
    );
  await undoDecision(s.db, id, actorOf(viewer));
}
