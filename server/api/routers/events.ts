import { TRPCError, tracked } from '@trpc/server';
import { z } from 'zod';
import { follow } from '../feed.ts';
import { stopping } from '../shutdown.ts';
import { procedure, router } from '../trpc.ts';

export const eventsRouter = router({
  /**
   * Every transition, in commit order without gaps, from `lastEventId` on. `transcript.grown` tells that the transcript of
   * attempt `entityId` has more.
   */
  feed: procedure
    .input(z.strictObject({ lastEventId: z.string().max(60).nullish() }).optional())
    .subscription(async function* ({ ctx, input, signal }) {
      try {
        for await (const event of follow(ctx.s.db, input?.lastEventId ?? null, signal))
          yield tracked(event.id, event);
      } catch (cause) {
        if (!stopping.aborted) throw cause;
        throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message: 'The server stops.', cause });
      }
    }),
});
