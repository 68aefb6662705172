import { z } from 'zod';
import { promptRecordSchema } from '../prompt.ts';

/** The prompts of a task, the newest attempt first, its steps in order. */
export const promptsViewSchema = z.array(
  promptRecordSchema.extend({ attemptId: z.number(), attempt: z.number(), at: z.date() }),
);
export type PromptsView = z.infer<typeof promptsViewSchema>;
