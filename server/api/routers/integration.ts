import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import { binEntrySchema, minionViewSchema } from '#server/domain/views/minion.ts';
import { sendBackSchema, sentBackSchema } from '#server/domain/views/send-back.ts';
import { readMinions } from '#server/engine/data/minions.ts';
import { discardMinion, mergeMinion } from '#server/engine/minion.ts';
import { type Delivery, publishDeliveries } from '#server/engine/outbox.ts';
import { revertAsWork, revertChange } from '#server/engine/revert.ts';
import { sendBack } from '#server/engine/send-back.ts';
import { type Queryable, transaction } from '#server/platform/db.ts';
import { actorOf } from '../auth.ts';
import { binOfAll, restore } from '../bin.ts';
import { command } from '../command.ts';
import { byId, id, reason } from '../inputs.ts';
import { doneSchema } from '../outputs.ts';
import type { Services } from '../services.ts';
import { procedure, router } from '../trpc.ts';

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
  sendBack: procedure
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
  revert: procedure
    .input(z.strictObject({ id, reason }))
    .output(madeSchema)
    .mutation(({ ctx, input }) =>
      making(ctx.s, (q) => revertChange(q, input.id, input.reason, actorOf(ctx.viewer))),
    ),
  /** Minions: those that still need somebody, or all. */
  minions: procedure
    .input(z.strictObject({ all: z.boolean().default(false) }).prefault({}))
    .output(z.array(minionViewSchema))
    .query(({ ctx, input }) => readMinions(ctx.s.db, ctx.s.timing, input.all)),
  minion: procedure
    .input(byId)
    .output(minionViewSchema)
    .query(async ({ ctx, input }) => {
      const [found] = await readMinions(ctx.s.db, ctx.s.timing, true, input.id);
      if (!found)
        throw new AlaiError('NOT_FOUND', `#${input.id} is no minion.`, 'See `npx alai minion list --all`.');
      return found;
    }),
  mergeMinion: procedure
    .input(z.strictObject({ id, reason }))
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, (q) => mergeMinion(q, input.id, actorOf(ctx.viewer), input.reason)),
    ),
  discardMinion: procedure
    .input(z.strictObject({ id, reason }))
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, async (q) => {
        await discardMinion(q, input.id, actorOf(ctx.viewer), input.reason);
        return [];
      }),
    ),
  /** What was discarded or left unfinished, of every project. */
  bin: procedure.output(z.array(binEntrySchema)).query(({ ctx }) => binOfAll(ctx.s)),
  restore: procedure
    .input(
      z.strictObject({
        key: z.string().regex(/^\d{1,15}-\d{1,6}$/),
        projectId: z.string().max(80).nullable().default(null),
      }),
    )
    .output(
      z.object({ branch: z.string(), sha: z.string(), projectId: z.string(), folder: z.string().nullable() }),
    )
    .mutation(({ ctx, input }) => restore(ctx.s, input.key, input.projectId)),
  /** A revert that was refused becomes work. */
  revertAsWork: procedure
    .input(byId)
    .output(madeSchema)
    .mutation(({ ctx, input }) => making(ctx.s, (q) => revertAsWork(q, input.id, actorOf(ctx.viewer)))),
});
