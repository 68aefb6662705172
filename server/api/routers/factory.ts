import { z } from 'zod';
import { hostViewSchema } from '#server/domain/views.ts';
import { killSwitch, resumeFactory, stopFactory } from '#server/engine/factory.ts';
import { readHosts } from '#server/fleet/data.ts';
import { actorOf } from '../auth.ts';
import { reason } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

const changed = z.object({ changed: z.boolean() });
const stopped = z.object({ by: z.string(), at: z.date(), reason: z.string() }).nullable();

export const factoryRouter = router({
  status: procedure.output(z.object({ stopped, hosts: z.array(hostViewSchema) })).query(async ({ ctx }) => {
    const [k, hosts] = await Promise.all([killSwitch(ctx.s.db), readHosts(ctx.s.db, ctx.s.timing)]);
    return { stopped: k.engaged ? { by: k.by, at: k.at, reason: k.reason } : null, hosts };
  }),
  /** The kill switch: no new attempt starts, and every agent process is ended. */
  stop: procedure
    .input(z.strictObject({ reason }).prefault({}))
    .output(changed)
    .mutation(async ({ ctx, input }) => ({
      changed: await stopFactory(ctx.s.db, actorOf(ctx.viewer), input.reason),
    })),
  resume: procedure.output(changed).mutation(async ({ ctx }) => ({
    changed: await resumeFactory(ctx.s.db, ctx.s.queue, actorOf(ctx.viewer)),
  })),
});
