import { z } from 'zod';
import { createdSchema, projectViewSchema, routePreviewSchema } from '#server/domain/views.ts';
import { pending } from '../pending.ts';
import { reader, router, writer } from '../trpc.ts';

export const projectsRouter = router({
  list: reader.output(z.array(projectViewSchema)).query(() => pending('Projects')),
});

export const routingRouter = router({
  /** A dry run for each line: company, tier, host, held, reasons. Nothing is created. */
  preview: reader
    .input(
      z.strictObject({
        project: z.string().max(4_000).nullable().default(null),
        tasks: z
          .array(z.strictObject({ title: z.string().max(100_000), tags: z.array(z.string()).default([]) }))
          .min(1)
          .max(200),
      }),
    )
    .output(z.array(routePreviewSchema))
    .query(() => pending('Routing')),
});

export const sampleRouter = router({
  /** The five tasks of the source documents in a fresh repository `bento`. */
  bento: writer.output(createdSchema).mutation(() => pending('The sample')),
});
