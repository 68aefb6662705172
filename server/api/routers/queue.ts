import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import { answers, escalationViewSchema, queueViewSchema } from '#server/domain/views.ts';
import { decide, undoDecision } from '#server/engine/decide.ts';
import { isForTheOwner, readEscalation, readQueue } from '#server/human-queue/data.ts';
import { actorOf } from '../auth.ts';
import { byId, id, reason } from '../inputs.ts';
import { done, doneSchema } from '../outputs.ts';
import { procedure, router } from '../trpc.ts';

export const queueRouter = router({
  list: procedure.output(queueViewSchema).query(({ ctx }) => readQueue(ctx.s.db)),
  get: procedure
    .input(byId)
    .output(escalationViewSchema)
    .query(({ ctx, input }) => readEscalation(ctx.s.db, ctx.s.timing, input.id)),
  /** An answer is bound to the digest of what was seen, and takes effect ten seconds later. */
  decide: procedure
    .input(z.strictObject({ id, answer: z.enum(answers), note: reason, digest: z.string().min(1).max(200) }))
    .output(z.object({ effectiveAt: z.date() }))
    .mutation(async ({ ctx, input }) => {
      if (ctx.viewer.role !== 'ceo' && (await isForTheOwner(ctx.s.db, input.id)))
        throw new AlaiError(
          'NOT_ALLOWED',
          `This needs the role ceo; you have ${ctx.viewer.role}.`,
          'Ask the owner: commands would run with his rights.',
        );
      return await decide(ctx.s.db, { ...input, undoMs: ctx.s.timing.undo }, actorOf(ctx.viewer));
    }),
  undo: procedure
    .input(byId)
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await undoDecision(ctx.s.db, input.id, actorOf(ctx.viewer));
      return done;
    }),
});
