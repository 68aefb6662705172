import { z } from 'zod';
import { roles } from '#server/domain/permissions.ts';
import { checksViewSchema } from '#server/domain/views/checks.ts';
import { callViewSchema, gateViewSchema, proofViewSchema } from '#server/domain/views.ts';

/** What the Evidence tab of a task shows. */
export const evidenceSchema = z.object({
  gates: z.array(gateViewSchema),
  proof: proofViewSchema.nullable(),
  checks: checksViewSchema,
});
export const callsSchema = z.array(callViewSchema);

/** The signed-in person. */
export const meSchema = z.object({ id: z.string(), name: z.string(), role: z.enum(roles) });
export const doneSchema = z.object({ ok: z.literal(true) });
export const done = { ok: true } as const;
