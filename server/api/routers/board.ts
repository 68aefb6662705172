import { z } from 'zod';
import { boardSchema, stripSchema } from '#server/domain/views.ts';
import { readBoard } from '#server/engine/data/board.ts';
import { readStrip } from '#server/fleet/data.ts';
import { reader, router } from '../trpc.ts';

export const boardRouter = router({
  get: reader
    .input(z.strictObject({ projectId: z.string().max(200).nullable().default(null) }).prefault({}))
    .output(boardSchema)
    .query(({ ctx, input }) => readBoard(ctx.s.db, ctx.s.timing, input.projectId)),
});

export const stripRouter = router({
  get: reader.output(stripSchema).query(({ ctx }) => readStrip(ctx.s.db, ctx.s.timing)),
});
