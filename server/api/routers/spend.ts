import { z } from 'zod';
import { setBudget } from '#server/budget/commands.ts';
import { readBudgets, readSpend, readTickets } from '#server/budget/spend.ts';
import { budgetSchema } from '#server/domain/budget.ts';
import { budgetRowSchema, spendViewSchema, ticketViewSchema } from '#server/domain/views/spend.ts';
import { actorOf } from '../auth.ts';
import { id } from '../inputs.ts';
import { done, doneSchema } from '../outputs.ts';
import { procedure, router } from '../trpc.ts';

const DAYS = { min: 1, max: 366, usual: 30 };

export const spendRouter = router({
  get: procedure
    .input(
      z
        .strictObject({ days: z.number().int().min(DAYS.min).max(DAYS.max).default(DAYS.usual) })
        .default({ days: DAYS.usual }),
    )
    .output(spendViewSchema)
    .query(({ ctx, input }) => readSpend(ctx.s.db, input, ctx.s.catalogue().prices.count_scripted)),
  budgets: procedure.output(z.array(budgetRowSchema)).query(({ ctx }) => readBudgets(ctx.s.db.pool)),
  tickets: procedure
    .input(z.strictObject({ taskId: id }))
    .output(z.array(ticketViewSchema))
    .query(({ ctx, input }) => readTickets(ctx.s.db.pool, input.taskId)),
  /** Sets a budget; null takes the own one away, so that the general one or the stated default counts. */
  setBudget: procedure
    .input(budgetSchema.extend({ limit: budgetSchema.shape.limit.nullable() }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await setBudget(ctx.s.db, input, actorOf(ctx.viewer));
      return done;
    }),
});
