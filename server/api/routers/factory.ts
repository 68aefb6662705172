import { z } from 'zod';
import { DRAIN_MINUTES, hostActs, hostStates } from '#server/domain/host.ts';
import { resumeFactory, stopFactory } from '#server/engine/factory.ts';
import { steerHost } from '#server/engine/host-state.ts';
import { readHostNames } from '#server/fleet/data.ts';
import { actorOf } from '../auth.ts';
import { reason, text } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

const changed = z.object({ changed: z.boolean() });

export const factoryRouter = router({
  /** The kill switch: no new attempt starts, and every agent process is ended. */
  stop: procedure
    .input(z.strictObject({ reason }).prefault({}))
    .output(changed)
    .mutation(async ({ ctx, input }) => ({
      changed: await stopFactory(ctx.s.db, actorOf(ctx.viewer), input.reason),
    })),
  /** Pauses, drains, stops, resumes or restarts one host, or with null each of them. Says which changed. */
  steer: procedure
    .input(
      z.strictObject({
        host: text(40).nullable(),
        act: z.enum(hostActs),
        /** The state in which the host was seen; another one refuses the act. */
        seen: z.enum(hostStates).optional(),
        reason,
        /** How long a draining host may finish what it runs. */
        minutes: z.number().int().min(0).max(1_440).default(DRAIN_MINUTES),
      }),
    )
    .output(z.object({ changed: z.array(z.string()) }))
    .mutation(async ({ ctx, input }) => {
      const { db, queue, timing } = ctx.s;
      const hosts = input.host === null ? await readHostNames(db) : [input.host];
      const drainMs = (timing.drain / DRAIN_MINUTES) * input.minutes;
      const changed: string[] = [];
      for (const host of hosts) {
        const order = { host, act: input.act, seen: input.seen, drainMs };
        if (await steerHost(db, queue, order, actorOf(ctx.viewer), input.reason)) changed.push(host);
      }
      return { changed };
    }),
  resume: procedure.output(changed).mutation(async ({ ctx }) => ({
    changed: await resumeFactory(ctx.s.db, ctx.s.queue, actorOf(ctx.viewer)),
  })),
});
