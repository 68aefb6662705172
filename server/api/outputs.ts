import { z } from 'zod';
import { callViewSchema, gateViewSchema, proofViewSchema } from '#server/domain/views.ts';
import { roles } from './auth.ts';

/** What the Evidence tab of a task shows; the nineteen checks come with QA-19. */
export const evidenceSchema = z.object({
  gates: z.array(gateViewSchema),
  proof: proofViewSchema.nullable(),
  checks: z.object({ state: z.literal('not run'), items: z.array(z.never()) }),
});
export const callsSchema = z.array(callViewSchema);

/** The signed-in person. */
export const meSchema = z.object({ id: z.string(), name: z.string(), role: z.enum(roles) });
export const doneSchema = z.object({ ok: z.literal(true) });
export const done = { ok: true } as const;
