import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { may, permissionNames } from '#server/domain/permissions.ts';
import {
  madeTokenSchema,
  meSchema,
  sessionViewSchema,
  tokenViewSchema,
} from '#server/domain/views/people.ts';
import { createToken, endOtherSessions, endSession, revokeToken } from '#server/people/commands.ts';
import { readSessions, readTokens } from '#server/people/data.ts';
import { newTokenSchema } from '#server/people/schema.ts';
import { actorOf } from '../auth.ts';
import { byId } from '../inputs.ts';
import { done, doneSchema } from '../outputs.ts';
import { procedure, router } from '../trpc.ts';

/** What belongs to the one who asks: nobody else's session or token is found here. */
export const meRouter = router({
  get: procedure.output(meSchema).query(({ ctx: { viewer } }) => ({
    ...viewer,
    may: permissionNames.filter((p) => may(viewer.role, viewer.scopes, p)),
  })),
  sessions: procedure
    .output(z.array(sessionViewSchema))
    .query(({ ctx }) => readSessions(ctx.s.db, ctx.viewer.id, ctx.viewer.sessionId)),
  endSession: procedure
    .input(z.strictObject({ id: z.uuid() }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await endSession(ctx.s.db, ctx.viewer.id, input.id, actorOf(ctx.viewer));
      return done;
    }),
  endOtherSessions: procedure.output(z.object({ ended: z.number() })).mutation(async ({ ctx }) => ({
    ended: await endOtherSessions(ctx.s.db, ctx.viewer.id, ctx.viewer.sessionId, actorOf(ctx.viewer)),
  })),
  tokens: procedure.output(z.array(tokenViewSchema)).query(({ ctx }) => readTokens(ctx.s.db, ctx.viewer.id)),
  /** The token is in this answer and nowhere else: only its hash is kept. */
  createToken: procedure
    .input(newTokenSchema)
    .output(madeTokenSchema)
    .mutation(async ({ ctx, input }) => {
      const token = `alai_${randomBytes(32).toString('base64url')}`;
      return { ...(await createToken(ctx.s.db, ctx.viewer.id, input, token, actorOf(ctx.viewer))), token };
    }),
  revokeToken: procedure
    .input(byId)
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await revokeToken(ctx.s.db, ctx.viewer.id, input.id, actorOf(ctx.viewer));
      return done;
    }),
});
