import { AlaiError } from '#server/domain/errors.ts';
import type { Answer } from '#server/domain/views.ts';
import { decide } from '#server/engine/decide.ts';
import { isForTheOwner } from '#server/human-queue/data.ts';
import { actorOf, type Viewer } from './auth.ts';
import type { Services } from './services.ts';

/** One answer of one person, whatever carried it: a page, the terminal, a button in Slack. */
export async function answerOne(
  s: Services,
  viewer: Viewer,
  input: { id: number; answer: Answer; note: string; digest: string },
): Promise<{ effectiveAt: Date }> {
  if (viewer.role !== 'ceo' && (await isForTheOwner(s.db, input.id)))
    throw new AlaiError(
      'NOT_ALLOWED',
      `This needs the role ceo; you have ${viewer.role}.`,
      'Ask the owner to answer it.',
    );
  return await decide(s.db, { ...input, undoMs: s.timing.undo }, actorOf(viewer));
}
