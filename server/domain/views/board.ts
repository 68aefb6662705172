import { z } from 'zod';
import { priorities, stages } from '../status.ts';
import { looks, statusViewSchema } from './status.ts';

const at = z.date();

export const stageDotSchema = z.object({
  stage: z.enum(stages),
  look: z.enum(looks),
  taskId: z.number().nullable(),
});

/** One card of the board: a chain, or a task that has none yet. */
export const boardCardSchema = z.object({
  key: z.string(),
  taskId: z.number(),
  /** The live stage task of the chain, where it differs from the root. */
  liveTaskId: z.number(),
  chainId: z.number().nullable(),
  pipelineId: z.number().nullable(),
  title: z.string(),
  column: z.enum(['inbox', 'queued', 'working', 'needs-you', 'done']),
  status: statusViewSchema,
  company: z.string().nullable(),
  tier: z.number().nullable(),
  host: z.string().nullable(),
  priority: z.enum(priorities),
  tags: z.array(z.string()),
  projectId: z.string().nullable(),
  projectName: z.string().nullable(),
  dots: z.array(stageDotSchema),
  costEur: z.number(),
  tokens: z.number(),
  /** Why it waits, in one line: "Waits for FORGE · 2 ahead", "Waits for #4001 to merge". */
  waits: z.string().nullable(),
  escalationId: z.number().nullable(),
  scripted: z.boolean(),
  updatedAt: at,
});
export type BoardCard = z.infer<typeof boardCardSchema>;

export const boardSchema = z.object({
  cards: z.array(boardCardSchema),
  counts: z.object({
    inbox: z.number(),
    queued: z.number(),
    working: z.number(),
    needsYou: z.number(),
    done: z.number(),
  }),
});
export type Board = z.infer<typeof boardSchema>;
