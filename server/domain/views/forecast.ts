import { z } from 'zod';
import { stages } from '../status.ts';

/** How long the last work of a stage took in a company: the middle half, and how many it was. */
export const historyEntrySchema = z.object({
  stage: z.enum(stages).nullable(),
  company: z.string().nullable(),
  n: z.number(),
  lowMs: z.number(),
  medianMs: z.number(),
  highMs: z.number(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;
