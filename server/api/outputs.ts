import { z } from 'zod';
import {
  callViewSchema,
  changesSchema,
  findingViewSchema,
  gateViewSchema,
  proofViewSchema,
} from '#server/domain/views.ts';
import { roles } from './auth.ts';

/** What the Evidence and Cost tabs of a task show. */
export const evidenceSchema = z.object({
  gates: z.array(gateViewSchema),
  proof: proofViewSchema.nullable(),
  findings: z.array(findingViewSchema),
});
export const costSchema = z.object({ calls: z.array(callViewSchema) });

/** The signed-in person and what this installation can do. */
export const meSchema = z.object({ id: z.number(), name: z.string(), role: z.enum(roles) });
export { changesSchema };
