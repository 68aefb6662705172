import { z } from 'zod';

/** What became of a task's work on the project's branch. */
export const mergeViewSchema = z.object({
  sha: z.string(),
  branch: z.string(),
  at: z.date(),
  /** The task that takes it back, and the commit once it did. */
  revert: z
    .object({
      taskId: z.number(),
      by: z.string(),
      state: z.enum(['running', 'done']),
      sha: z.string().nullable(),
      at: z.date().nullable(),
    })
    .nullable(),
});
export type MergeView = z.infer<typeof mergeViewSchema>;
