import { sendBackSchema, sentBackSchema } from '#server/domain/views/send-back.ts';
import { publishDeliveries } from '#server/engine/outbox.ts';
import { sendBack } from '#server/engine/send-back.ts';
import { transaction } from '#server/platform/db.ts';
import { actorOf } from '../auth.ts';
import { router, writer } from '../trpc.ts';

export const integrationRouter = router({
  /** Remarks on lines of a change become findings of a BUILD. */
  sendBack: writer
    .input(sendBackSchema)
    .output(sentBackSchema)
    .mutation(async ({ ctx, input }) => {
      const { made, deliveries } = await transaction(ctx.s.db, (q) =>
        sendBack(q, input.id, input.comments, actorOf(ctx.viewer)),
      );
      await publishDeliveries(ctx.s.db.pool, ctx.s.queue, deliveries).catch(() => undefined);
      return made;
    }),
});
