import { z } from 'zod';
import { boardSchema } from '#server/domain/views/board.ts';
import { stripSchema } from '#server/domain/views/strip.ts';
import { readBoard } from '#server/engine/data/board.ts';
import { stripOf } from '../strip.ts';
import { procedure, router } from '../trpc.ts';

export const boardRouter = router({
  get: procedure
    .input(z.strictObject({ projectId: z.string().max(200).nullable().default(null) }).prefault({}))
    .output(boardSchema)
    .query(({ ctx, input }) => readBoard(ctx.s.db, ctx.s.timing, input.projectId)),
});

export const stripRouter = router({
  get: procedure.output(stripSchema).query(({ ctx }) => stripOf(ctx.s)),
});
