import { z } from 'zod';
import { sendBackSchema, sentBackSchema } from '#server/domain/views/send-back.ts';
import { type Delivery, publishDeliveries } from '#server/engine/outbox.ts';
import { revertAsWork, revertChange } from '#server/engine/revert.ts';
import { sendBack } from '#server/engine/send-back.ts';
import { type Queryable, transaction } from '#server/platform/db.ts';
import { actorOf } from '../auth.ts';
import { byId, id, reason } from '../inputs.ts';
import type { Services } from '../services.ts';
import { router, writer } from '../trpc.ts';

const madeSchema = z.object({ taskId: z.number() });

/** One engine command that makes a task; published after the commit. */
async function making(
  s: Services,
  run: (q: Queryable) => Promise<{ taskId: number; deliveries: Delivery[] }>,
): Promise<{ taskId: number }> {
  const { taskId, deliveries } = await transaction(s.db, run);
  await publishDeliveries(s.db.pool, s.queue, deliveries).catch(() => undefined);
  return { taskId };
}

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
  /** Takes merged work back with a commit of its own. */
  revert: writer
    .input(z.strictObject({ id, reason }))
    .output(madeSchema)
    .mutation(({ ctx, input }) =>
      making(ctx.s, (q) => revertChange(q, input.id, input.reason, actorOf(ctx.viewer))),
    ),
  /** A revert that was refused becomes work. */
  revertAsWork: writer
    .input(byId)
    .output(madeSchema)
    .mutation(({ ctx, input }) => making(ctx.s, (q) => revertAsWork(q, input.id, actorOf(ctx.viewer)))),
});
