import { z } from 'zod';
import { pipelineNames } from './pipelines.ts';
import { findingSchema, planSchema, reportSchema } from './report.ts';

/** What a step remembers while it waits: for a human, or for its host to come back. */

/** A tool call that waits for an answer. */
const waitingCallSchema = z.object({
  /** `question` of an agent, or `permission` for something that only a human may allow. */
  kind: z.enum(['question', 'permission']),
  id: z.string(),
  name: z.string(),
  arguments: z.unknown(),
  /** What the human is asked. */
  question: z.string(),
});
export type WaitingCall = z.infer<typeof waitingCallSchema>;

export const stepMemorySchema = z.object({
  /** The conversation so far, as the provider port has it. */
  messages: z.array(
    z.object({
      role: z.enum(['system', 'user', 'assistant', 'tool']),
      content: z.string(),
      toolCalls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.unknown() })).optional(),
      toolCallId: z.string().optional(),
      toolName: z.string().optional(),
    }),
  ),
  /** By which pipeline it was asked; absent in what older releases remembered. */
  pipeline: z.enum(pipelineNames).optional(),
  /** Spent already: a wait gives no limit back. */
  turns: z.number(),
  tokens: z.number(),
  report: reportSchema.nullable(),
  plan: planSchema.nullable(),
  findings: z.array(findingSchema),
  /** Null when it was stopped from outside. */
  waiting: waitingCallSchema.nullable(),
  /** Commit that holds the files as they were; null when nothing was unfinished. */
  files: z.string().nullable(),
});
export type StepMemory = z.infer<typeof stepMemorySchema>;

/** What the human answered, as the next attempt is told. */
export interface HumanAnswer {
  answer: 'approve' | 'send_back' | 'reject';
  by: string;
  note: string;
}

/** A step that goes on from what it remembers. */
export interface Resume {
  stepId: number;
  memory: StepMemory;
  /** Null when nobody was asked. */
  answer: HumanAnswer | null;
}
