import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import { modelName } from '#server/domain/host.ts';
import { fleetSchema, modelJobViewSchema } from '#server/domain/views/fleet.ts';
import { killSwitch } from '#server/engine/factory.ts';
import { askModel, cancelModelJob } from '#server/fleet/commands.ts';
import { readFleet, readModelJob } from '#server/fleet/page.ts';
import { readRuns } from '#server/fleet/runs.ts';
import { readTroubles, readWatched } from '#server/fleet/troubles.ts';
import { readBreakers, SERVICE } from '#server/models/resilience/data.ts';
import { version } from '#server/platform/version.ts';
import { actorOf } from '../auth.ts';
import { fleetProblems, neededBy } from '../fleet-files.ts';
import { byId, text } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

const asked = z.object({ id: z.number() });
const which = { host: text(40), model: modelName };

export const fleetRouter = router({
  /** Hosts with slots, models, lanes and what waits in them. */
  get: procedure.output(fleetSchema).query(async ({ ctx: { s } }) => {
    const [k, breakers, troubles, watched, runs] = await Promise.all([
      killSwitch(s.db),
      readBreakers(s.db),
      readTroubles(s.db.pool),
      readWatched(s.db.pool),
      readRuns(s.db.pool, s.timing),
    ]);
    const hosts = await readFleet(s.db, s.timing, { needs: neededBy(s.catalogue), breakers });
    return {
      now: new Date(),
      stopped: k.engaged ? { by: k.by, at: k.at, reason: k.reason } : null,
      version,
      hosts,
      runs,
      troubles,
      watched,
      services: breakers.filter((b) => b.host === SERVICE).map(({ model, ...b }) => ({ ...b, name: model })),
      problems: fleetProblems(s.catalogue),
    };
  }),
  /** Brings a model to a host. Its worker does it; the number is that of the job. */
  pull: procedure
    .input(z.strictObject(which))
    .output(asked)
    .mutation(async ({ ctx, input }) => ({
      id: await askModel(
        ctx.s.db,
        { ...input, act: 'pull', neededBy: [], force: false },
        actorOf(ctx.viewer),
      ),
    })),
  /** Takes a model from a host. Refused while it is used, and without `force` while somebody needs it. */
  remove: procedure
    .input(z.strictObject({ ...which, force: z.boolean().default(false) }))
    .output(asked)
    .mutation(async ({ ctx, input }) => ({
      id: await askModel(
        ctx.s.db,
        { ...input, act: 'remove', neededBy: neededBy(ctx.s.catalogue)(input.host, input.model) },
        actorOf(ctx.viewer),
      ),
    })),
  cancel: procedure
    .input(byId)
    .output(z.object({ changed: z.boolean() }))
    .mutation(async ({ ctx, input }) => ({
      changed: await cancelModelJob(ctx.s.db, input.id, actorOf(ctx.viewer)),
    })),
  /** One job, for whoever waits for it. */
  job: procedure
    .input(byId)
    .output(modelJobViewSchema)
    .query(async ({ ctx, input }) => {
      const job = await readModelJob(ctx.s.db, input.id);
      if (job) return job;
      throw new AlaiError('NOT_FOUND', `There is no model job ${input.id}.`, 'See npx alai models status.');
    }),
});
