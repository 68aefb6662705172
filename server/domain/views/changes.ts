import { z } from 'zod';

export const fileChangeSchema = z.object({
  path: z.string(),
  kind: z.enum(['added', 'modified', 'deleted', 'renamed']),
  added: z.number(),
  removed: z.number(),
});

export const changesSchema = z.object({
  files: z.array(fileChangeSchema),
  /** Unified diff text; capped, `truncated` says so. */
  patch: z.string(),
  truncated: z.boolean(),
  commit: z.string().nullable(),
  branch: z.string().nullable(),
  /** Not what this task did and proved: `running` is what it pushed so far, `reviewed` what it judges,
   * `reverted` what it took back. */
  subject: z.enum(['running', 'reviewed', 'reverted']).optional(),
});
export type Changes = z.infer<typeof changesSchema>;
