import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { roles } from '#server/domain/permissions.ts';
import { madeLinkSchema, personSchema } from '#server/domain/views/people.ts';
import { disablePerson, enablePerson, invite, newLink, setRole } from '#server/people/commands.ts';
import { readPeople } from '#server/people/data.ts';
import { inviteSchema } from '#server/people/schema.ts';
import { publicUrl } from '#server/platform/env.ts';
import { actorOf } from '../auth.ts';
import { reason } from '../inputs.ts';
import { done, doneSchema } from '../outputs.ts';
import type { Services } from '../services.ts';
import { procedure, router } from '../trpc.ts';

const code = () => randomBytes(24).toString('base64url');
/** In the fragment, which browsers never send: no log of a proxy holds it. */
const linkOf = (s: Services, c: string) => `${s.env.ALAI_PUBLIC_URL ?? publicUrl(s.env)}/sign-in#code=${c}`;
const userId = z.string().min(1).max(60);

export const peopleRouter = router({
  list: procedure.output(z.array(personSchema)).query(({ ctx }) => readPeople(ctx.s.db)),
  /** The link is in this answer and nowhere else. */
  invite: procedure
    .input(inviteSchema)
    .output(madeLinkSchema)
    .mutation(async ({ ctx, input }) => {
      const made = { userId: randomUUID(), code: code() };
      const { until } = await invite(ctx.s.db, input, made, actorOf(ctx.viewer));
      return { userId: made.userId, url: linkOf(ctx.s, made.code), until };
    }),
  newLink: procedure
    .input(z.strictObject({ userId }))
    .output(madeLinkSchema)
    .mutation(async ({ ctx, input }) => {
      const c = code();
      const { until } = await newLink(ctx.s.db, input.userId, c, actorOf(ctx.viewer));
      return { userId: input.userId, url: linkOf(ctx.s, c), until };
    }),
  setRole: procedure
    .input(z.strictObject({ userId, role: z.enum(roles), reason }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await setRole(ctx.s.db, input.userId, input.role, input.reason, actorOf(ctx.viewer));
      return done;
    }),
  disable: procedure
    .input(z.strictObject({ userId, reason }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await disablePerson(ctx.s.db, input.userId, input.reason, actorOf(ctx.viewer));
      return done;
    }),
  enable: procedure
    .input(z.strictObject({ userId }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await enablePerson(ctx.s.db, input.userId, actorOf(ctx.viewer));
      return done;
    }),
});
