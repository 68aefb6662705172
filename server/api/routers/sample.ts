import { z } from 'zod';
import { createdSchema } from '#server/domain/views/new-task.ts';
import { actorOf } from '../auth.ts';
import { runSample } from '../sample.ts';
import { procedure, router } from '../trpc.ts';

export const sampleRouter = router({
  /** The five tasks of the source documents in a fresh repository `bento`. */
  run: procedure
    .input(z.strictObject({ name: z.literal('bento').default('bento') }).prefault({}))
    .output(createdSchema)
    .mutation(({ ctx, input }) => runSample(ctx.s, input.name, actorOf(ctx.viewer))),
});
