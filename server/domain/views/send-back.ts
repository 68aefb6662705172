import { z } from 'zod';

/** Text that can be stored: PostgreSQL knows no NUL. */
const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((s) => !s.includes('\0'), 'holds a NUL character');

/** One remark on one line of a change. */
export const lineCommentSchema = z.strictObject({
  file: text(500).min(1),
  /** Number of the line in the file as it is after the change, or before it for a removed one. */
  line: z.number().int().positive().nullable(),
  /** The line itself with its mark, so that the remark is understood when the numbers have moved. */
  quote: text(500).default(''),
  text: text(4_000).trim().min(1),
});
export type LineComment = z.infer<typeof lineCommentSchema>;

/** Remarks on a change that together send it back to be built again. */
export const sendBackSchema = z.strictObject({
  id: z.number().int().positive(),
  comments: z.array(lineCommentSchema).min(1).max(100),
});

export const sentBackSchema = z.object({
  /** The BUILD task that mends it. */
  taskId: z.number(),
  /** Whether the work was merged already, so that this is new work instead of the next cycle. */
  followUp: z.boolean(),
});
export type SentBack = z.infer<typeof sentBackSchema>;
