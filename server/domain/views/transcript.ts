import { z } from 'zod';

const at = z.date();

export const transcriptViewSchema = z.object({
  attemptId: z.number(),
  entries: z.array(
    z.object({
      id: z.number(),
      seq: z.number(),
      at,
      stepKey: z.string(),
      kind: z.string(),
      data: z.record(z.string(), z.unknown()),
      /** Grows with every rewrite of the entry; ask again with the largest seen. */
      rev: z.number(),
    }),
  ),
  cursor: z.number(),
  live: z.boolean(),
});
export type TranscriptView = z.infer<typeof transcriptViewSchema>;
