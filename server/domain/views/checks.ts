import { z } from 'zod';
import { checkResultSchema } from '../checks.ts';

/** One of the nineteen as a page shows it. */
export const checkViewSchema = checkResultSchema.extend({
  number: z.number().int().min(1).max(19),
  title: z.string(),
  /** The reviewing task that answered it, where it was left pending. */
  answeredBy: z.number().nullable(),
});
export type CheckView = z.infer<typeof checkViewSchema>;

/** The scorecard of a task: its newest run, and whether it still speaks of the work as it is. */
export const checksViewSchema = z.object({
  items: z.array(checkViewSchema),
  score: z
    .object({
      passed: z.number(),
      applicable: z.number(),
      bar: z.number(),
      blocked: z.array(z.string()),
      ok: z.boolean(),
    })
    .nullable(),
  tree: z.string().nullable(),
  /** 1 for the first run; 2 and 3 after the failures were fed back. */
  tryNumber: z.number(),
  at: z.date().nullable(),
  /** A later commit of this chain: what was seen here is no evidence for it. */
  reopenedBy: z.number().nullable(),
});
export type ChecksView = z.infer<typeof checksViewSchema>;
