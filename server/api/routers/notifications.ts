import { z } from 'zod';
import { may } from '#server/domain/permissions.ts';
import {
  channelInputSchema,
  channelRulesSchema,
  notificationsViewSchema,
  subscriptionSchema,
} from '#server/domain/views/notifications.ts';
import {
  removeChannel,
  replayDelivery,
  saveChannel,
  sendTest,
  setChannel,
  subscribe,
  unsubscribe,
  vapidKeys,
} from '#server/notifications/commands.ts';
import { readChannels, readDeliveries } from '#server/notifications/data.ts';
import type { Viewer } from '../auth.ts';
import { byId, id, text } from '../inputs.ts';
import { keeperOf } from '../notices.ts';
import { done, doneSchema } from '../outputs.ts';
import { procedure, router } from '../trpc.ts';

const name = text(80).trim().min(1);
/** Whose channels somebody may change: all, or his own; another one's do not exist for him. */
const reach = (viewer: Viewer) => (may(viewer.role, viewer.scopes, 'configure') ? null : viewer.id);

export const notificationsRouter = router({
  /** Every channel and the last deliveries. */
  list: procedure
    .input(z.strictObject({ limit: z.number().int().min(1).max(500).default(50) }).prefault({}))
    .output(notificationsViewSchema)
    .query(async ({ ctx, input }) => ({
      channels: await readChannels(ctx.s.db),
      deliveries: await readDeliveries(ctx.s.db, { limit: input.limit }),
    })),
  /** One's own browsers and mailboxes, and what was told there. */
  mine: procedure.output(notificationsViewSchema).query(async ({ ctx }) => ({
    channels: await readChannels(ctx.s.db, { userId: ctx.viewer.id }),
    deliveries: await readDeliveries(ctx.s.db, { limit: 50, userId: ctx.viewer.id }),
  })),
  save: procedure
    .input(
      z.strictObject({
        id: id.nullable().default(null),
        name,
        /** Whose it is; null for the whole factory. */
        userId: text(200).nullable().default(null),
        rules: channelRulesSchema.prefault({}),
        channel: channelInputSchema,
      }),
    )
    .output(z.object({ id: z.number(), signingSecret: z.string().nullable() }))
    .mutation(({ ctx, input }) => saveChannel(keeperOf(ctx.s), { ...input, by: ctx.viewer.name })),
  /** The rules of a channel, and whether it is told at all. */
  set: procedure
    .input(z.strictObject({ id, rules: channelRulesSchema.optional(), enabled: z.boolean().optional() }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await setChannel(ctx.s.db, { ...input, userId: reach(ctx.viewer), by: ctx.viewer.name });
      return done;
    }),
  remove: procedure
    .input(byId)
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await removeChannel(ctx.s.db, { id: input.id, userId: reach(ctx.viewer), by: ctx.viewer.name });
      return done;
    }),
  test: procedure
    .input(byId)
    .output(z.object({ deliveryId: z.number() }))
    .mutation(({ ctx, input }) =>
      sendTest(ctx.s.db, { channelId: input.id, by: ctx.viewer.name, userId: reach(ctx.viewer) }),
    ),
  replay: procedure
    .input(byId)
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await replayDelivery(ctx.s.db, { id: input.id, by: ctx.viewer.name, userId: reach(ctx.viewer) });
      return done;
    }),
  /** The key a browser asks for before it can be pushed to. */
  pushKey: procedure.output(z.object({ publicKey: z.string() })).query(async ({ ctx }) => {
    const { publicKey } = await vapidKeys(ctx.s.db, keeperOf(ctx.s).secret);
    return { publicKey };
  }),
  subscribe: procedure
    .input(
      z.strictObject({ device: name, subscription: subscriptionSchema, timeZone: text(60).default('UTC') }),
    )
    .output(z.object({ id: z.number() }))
    .mutation(({ ctx, input }) =>
      subscribe(keeperOf(ctx.s), { ...input, userId: ctx.viewer.id, by: ctx.viewer.name }),
    ),
  unsubscribe: procedure
    .input(z.strictObject({ endpoint: text(2_000) }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      const { id: userId, name: by } = ctx.viewer;
      await unsubscribe(ctx.s.db, { userId, by, endpoint: input.endpoint });
      return done;
    }),
});
