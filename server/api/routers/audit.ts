import { z } from 'zod';
import { readAudit, verifyTrail } from '#server/audit/data.ts';
import { auditFilterSchema, auditPageSchema, auditStateSchema } from '#server/domain/audit.ts';
import { procedure, router } from '../trpc.ts';

export const auditRouter = router({
  list: procedure
    .input(
      z.strictObject({
        filter: auditFilterSchema.prefault({}),
        cursor: z.string().max(60).nullish(),
        /** Sent along by the client of endless lists; the trail is read from its end only. */
        direction: z.literal('forward').optional(),
        limit: z.number().int().min(1).max(500).default(100),
      }),
    )
    .output(auditPageSchema)
    .query(({ ctx, input }) => readAudit(ctx.s.db, input.filter, input.cursor ?? null, input.limit)),
  /** Makes every seal again, from the first entry on: the longer the trail, the longer it takes. */
  verify: procedure.output(auditStateSchema).query(({ ctx }) => verifyTrail(ctx.s.db)),
});
