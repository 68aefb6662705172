import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import { agentViewSchema, trialInputSchema, trialViewSchema } from '#server/domain/views/agents.ts';
import { readHosts } from '#server/fleet/data.ts';
import { askTrial, readTrial } from '#server/fleet/trials.ts';
import { listAgents, trialOf } from '../agents.ts';
import { actorOf } from '../auth.ts';
import { byId } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

export const agentsRouter = router({
  /** Every model and agent that can be given work here, what it can do, and why not where it cannot. */
  list: procedure.output(z.array(agentViewSchema)).query(({ ctx }) => listAgents(ctx.s)),
  /** Asks one agent one thing, outside of any task. A host's worker asks it; the number is that of the trial. */
  test: procedure
    .input(trialInputSchema)
    .output(z.object({ id: z.number() }))
    .mutation(async ({ ctx, input }) => {
      const [all, hosts] = await Promise.all([listAgents(ctx.s), readHosts(ctx.s.db, ctx.s.timing)]);
      const live = hosts.filter((h) => h.state === 'live').map((h) => h.name);
      const trial = trialOf(all, input, live);
      return { id: await askTrial(ctx.s.db, trial, actorOf(ctx.viewer), ctx.s.timing) };
    }),
  /** What it said until now. */
  trial: procedure
    .input(byId)
    .output(trialViewSchema)
    .query(async ({ ctx, input }) => {
      const trial = await readTrial(ctx.s.db, input.id);
      if (trial) return trial;
      throw new AlaiError('NOT_FOUND', `There is no trial ${input.id}.`, 'Ask anew: npx alai test-agent');
    }),
});
