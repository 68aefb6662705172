import { z } from 'zod';

/** What people changed about a route, and what it makes the factory offer. */

export const correctionSchema = z.object({
  id: z.number().int(),
  taskId: z.number().int(),
  title: z.string(),
  fromCompany: z.string(),
  toCompany: z.string().nullable(),
  fromComplexity: z.number().int(),
  toComplexity: z.number().int().nullable(),
  actor: z.string(),
  at: z.date(),
});
export type Correction = z.infer<typeof correctionSchema>;
