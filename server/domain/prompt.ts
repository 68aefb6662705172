import { z } from 'zod';

/** One named part of a prompt, exactly as it was sent. */
const promptPartSchema = z.object({
  name: z.string(),
  /** For people: "Session log". */
  title: z.string(),
  /** `tools`: sent beside the messages, as descriptions of what can be called. */
  place: z.enum(['system', 'user', 'tools']),
  /** False: written by others, so it stands in a fence as data. */
  trusted: z.boolean(),
  tokens: z.number(),
  budget: z.number(),
  /** What was left out to keep within the budget, in words; null when nothing was. */
  trimmed: z.string().nullable(),
  text: z.string(),
});
export type PromptPart = z.infer<typeof promptPartSchema>;

export const promptRecordSchema = z.object({
  stepKey: z.string(),
  model: z.string(),
  /** Tokens of context the model has. */
  context: z.number(),
  parts: z.array(promptPartSchema),
});
export type PromptRecord = z.infer<typeof promptRecordSchema>;
