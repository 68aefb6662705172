import { z } from 'zod';
import { pipelineListItemSchema, pipelineViewSchema } from '#server/domain/views.ts';
import { byId } from '../inputs.ts';
import { pending } from '../pending.ts';
import { reader, router } from '../trpc.ts';

export const pipelinesRouter = router({
  list: reader.output(z.array(pipelineListItemSchema)).query(() => pending('Pipelines')),
  show: reader.input(byId).output(pipelineViewSchema).query(() => pending('Pipelines')),
});
