import { z } from 'zod';
import { boardSchema } from '#server/domain/views.ts';
import { pending } from '../pending.ts';
import { reader, router } from '../trpc.ts';

export const boardRouter = router({
  show: reader
    .input(z.strictObject({ project: z.string().nullable().default(null) }))
    .output(boardSchema)
    .query(() => pending('The board')),
});
