import { z } from 'zod';

/**
 * How accepted work meets the project's branch: `fast-forward` where it stands directly on it (a merge commit otherwise),
 * always a `merge-commit`, or left on a `branch` of its own for a pull request.
 */
export const mergeModes = ['fast-forward', 'merge-commit', 'branch'] as const;
export type MergeMode = (typeof mergeModes)[number];

/** Where accepted work waits for a pull request. */
export const acceptBranch = (taskId: number): string => `alai/accept/${taskId}`;
export const isAcceptBranch = (branch: string): boolean => branch.startsWith('alai/accept/');

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
