import { z } from 'zod';
import { pipelineListItemSchema, pipelineViewSchema } from '#server/domain/views.ts';
import { readPipeline, readPipelines } from '#server/engine/data/pipeline.ts';
import { byId } from '../inputs.ts';
import { reader, router } from '../trpc.ts';

export const pipelinesRouter = router({
  list: reader
    .input(z.strictObject({ limit: z.number().int().min(1).max(1_000).default(200) }).prefault({}))
    .output(z.array(pipelineListItemSchema))
    .query(({ ctx, input }) => readPipelines(ctx.s.db, input.limit)),
  get: reader
    .input(byId)
    .output(pipelineViewSchema)
    .query(({ ctx, input }) => readPipeline(ctx.s.db, ctx.s.timing, input.id)),
});
