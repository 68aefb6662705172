import { z } from 'zod';
import { checksViewSchema } from '#server/domain/views/checks.ts';
import { callViewSchema, gateViewSchema, proofViewSchema } from '#server/domain/views/evidence.ts';

/** What the Evidence tab of a task shows. */
export const evidenceSchema = z.object({
  gates: z.array(gateViewSchema),
  proof: proofViewSchema.nullable(),
  checks: checksViewSchema,
});
export const callsSchema = z.array(callViewSchema);

export const doneSchema = z.object({ ok: z.literal(true) });
export const done = { ok: true } as const;
