import { z } from 'zod';
import { routePreviewSchema } from '#server/domain/views.ts';
import { previewRoutes } from '../compose.ts';
import { reader, router } from '../trpc.ts';

const line = z.strictObject({
  title: z.string().max(100_000),
  description: z.string().max(50_000).default(''),
  tags: z.array(z.string().max(40)).max(20).default([]),
  company: z.string().max(60).nullable().default(null),
  blueprint: z.string().max(60).nullable().default(null),
  tier: z.number().int().min(1).max(5).nullable().default(null),
});

export const routingRouter = router({
  /** A dry run for each line: company, tier, host, held, reasons. Nothing is created. */
  preview: reader
    .input(
      z.strictObject({
        projectId: z.string().max(4_000).nullable().default(null),
        tasks: z.array(line).min(1).max(200),
      }),
    )
    .output(z.array(routePreviewSchema))
    .query(({ ctx, input }) => previewRoutes(ctx.s, input.tasks, input.projectId)),
});
