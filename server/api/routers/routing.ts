import { z } from 'zod';
import { correctionSchema, routePreviewSchema, suggestionSchema } from '#server/domain/views/routing.ts';
import { forgetCorrection } from '#server/routing/commands.ts';
import { readCorrections } from '#server/routing/data.ts';
import { actorOf } from '../auth.ts';
import { previewRoutes } from '../compose.ts';
import { correctRoute, suggestionOf } from '../correct.ts';
import { id } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

const line = z.strictObject({
  title: z.string().max(100_000),
  description: z.string().max(50_000).default(''),
  tags: z.array(z.string().max(40)).max(20).default([]),
  company: z.string().max(60).nullable().default(null),
  blueprint: z.string().max(60).nullable().default(null),
  tier: z.number().int().min(1).max(5).nullable().default(null),
  offline: z.boolean().optional(),
});

export const routingRouter = router({
  /** A dry run for each line: company, tier, host, held, reasons. Nothing is created. */
  preview: procedure
    .input(
      z.strictObject({
        projectId: z.string().max(4_000).nullable().default(null),
        tasks: z.array(line).min(1).max(200),
      }),
    )
    .output(z.array(routePreviewSchema))
    .query(({ ctx, input }) => previewRoutes(ctx.s, input.tasks, input.projectId)),
  /** Who should have got it, or how hard it is: remembered, offered for similar tasks, and done while it still waits. */
  correct: procedure
    .input(
      z
        .strictObject({
          taskId: id,
          company: z.string().trim().min(1).max(60).nullable().default(null),
          complexity: z.number().int().min(1).max(5).nullable().default(null),
        })
        .refine(
          (c) => c.company !== null || c.complexity !== null,
          'says neither a company nor a complexity',
        ),
    )
    .output(z.object({ applied: z.boolean() }))
    .mutation(({ ctx, input }) => correctRoute(ctx.s, input, actorOf(ctx.viewer))),
  /** What was done with tasks like this one. */
  suggestion: procedure
    .input(z.strictObject({ taskId: id }))
    .output(suggestionSchema.nullable())
    .query(({ ctx, input }) => suggestionOf(ctx.s, input.taskId)),
  corrections: procedure.output(z.array(correctionSchema)).query(({ ctx }) => readCorrections(ctx.s.db.pool)),
  forget: procedure
    .input(z.strictObject({ id }))
    .output(z.object({ ok: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await forgetCorrection(ctx.s.db.pool, input.id);
      return { ok: true as const };
    }),
});
