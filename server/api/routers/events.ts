import { TRPCError, tracked } from '@trpc/server';
import { z } from 'zod';
import { follow } from '../feed.ts';
import { stopping } from '../shutdown.ts';
import { procedure, router } from '../trpc.ts';

const LOOK_AGAIN_MS = 3_000;

/** A stream outlives the request that opened it: who was signed out or locked out since then is sent away within 5 s. */
function watched(mayStay: () => Promise<boolean>, signal: AbortSignal | undefined): AbortSignal {
  const over = new AbortController();
  const round = setInterval(() => {
    // A database that does not answer says nothing about the person.
    void mayStay().then(
      (stays) => stays || over.abort(),
      () => undefined,
    );
  }, LOOK_AGAIN_MS);
  const both = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  both.addEventListener('abort', () => clearInterval(round), { once: true });
  return both;
}

export const eventsRouter = router({
  /**
   * Every transition, in commit order without gaps, from `lastEventId` on. `transcript.grown` tells that the transcript of
   * attempt `entityId` has more.
   */
  feed: procedure
    .input(z.strictObject({ lastEventId: z.string().max(60).nullish() }).optional())
    .subscription(async function* ({ ctx, input, signal }) {
      try {
        const mayStay = ctx.stillAllowed ?? (async () => true);
        for await (const event of follow(ctx.s.db, input?.lastEventId ?? null, watched(mayStay, signal)))
          yield tracked(event.id, event);
        if (!signal?.aborted) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in again.' });
      } catch (cause) {
        if (cause instanceof TRPCError) throw cause;
        if (!stopping.aborted) throw cause;
        throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message: 'The server stops.', cause });
      }
    }),
});
