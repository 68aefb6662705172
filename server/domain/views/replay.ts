import { z } from 'zod';
import {
  attemptStates,
  chainStates,
  escalationStates,
  origins,
  pipelineStates,
  stages,
  taskStatuses,
  verdicts,
} from '../status.ts';

/** What the log of a pipeline says of one event, cut down to what a replay and its reader need. */
export const logEntrySchema = z.object({
  seq: z.number(),
  /** Its transaction: what was written together becomes true together. */
  tx: z.string(),
  at: z.date(),
  type: z.string(),
  entity: z.string(),
  entityId: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  actor: z.string(),
  reason: z.string(),
  taskId: z.number().nullable(),
  data: z.record(z.string(), z.unknown()),
});
export type LogEntry = z.infer<typeof logEntrySchema>;

export const logPageSchema = z.object({
  entries: z.array(logEntrySchema),
  /** Ask again with this as `after`; null on the last page. */
  next: z.number().nullable(),
});
export type LogPage = z.infer<typeof logPageSchema>;

/** What the fold believes of an event's data: it is read with these, never trusted. */
export const factsSchema = z
  .object({
    title: z.string(),
    stage: z.enum(stages).nullable(),
    cycle: z.number(),
    chainId: z.number().nullable(),
    parentId: z.number().nullable(),
    origin: z.enum(origins),
    projectId: z.string().nullable(),
    generation: z.number(),
    company: z.string().nullable(),
    tier: z.number().nullable(),
    verdict: z.enum(verdicts).nullable(),
    host: z.string(),
    slot: z.number(),
    model: z.string(),
    attempt: z.number(),
    n: z.number(),
    root: z.number(),
    rejects: z.number(),
    mergeReturns: z.number(),
    stages: z.array(z.object({ stage: z.enum(stages), company: z.string(), tier: z.number() })),
    on: z.number(),
    met: z.boolean(),
    kind: z.string(),
    question: z.string(),
    to: z.number().nullable(),
    severity: z.string(),
    answer: z.string(),
    startedAt: z.null(),
  })
  .partial();
export type Facts = z.infer<typeof factsSchema>;

export const states = {
  task: z.enum(taskStatuses),
  chain: z.enum(chainStates),
  attempt: z.enum(attemptStates),
  escalation: z.enum(escalationStates),
  pipeline: z.enum(pipelineStates),
};
