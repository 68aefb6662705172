import { z } from 'zod';
import { mergeModes } from '../merge.ts';

const at = z.date();

export const projectViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  path: z.string().nullable(),
  /** Where it was cloned from, when it has no folder: accepted work is then not sent back by itself. */
  url: z.string().nullable(),
  defaultBranch: z.string(),
  isSample: z.boolean(),
  merge: z.enum(mergeModes),
  createdAt: at,
});
export type ProjectView = z.infer<typeof projectViewSchema>;
