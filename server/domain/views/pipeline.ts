import { z } from 'zod';
import { attemptStates, chainStates, pipelineStates, stages, taskStatuses } from '../status.ts';
import { statusViewSchema } from './status.ts';

const at = z.date();

/** One try of a node's work: a bar in the Gantt, a count on the node. */
export const nodeAttemptSchema = z.object({
  id: z.number(),
  n: z.number(),
  state: z.enum(attemptStates),
  host: z.string(),
  slot: z.number(),
  model: z.string(),
  tier: z.number(),
  startedAt: at,
  endedAt: at.nullable(),
  costEur: z.number(),
});
export type NodeAttempt = z.infer<typeof nodeAttemptSchema>;

export const pipelineNodeSchema = z.object({
  /** `t<taskId>` for a task, `g<chainId>-<stage>` for a planned stage that has no task yet. */
  id: z.string(),
  taskId: z.number().nullable(),
  chainId: z.number().nullable(),
  /** Row grouping: chain, then cycle. */
  cycle: z.number(),
  stage: z.enum(stages).nullable(),
  title: z.string(),
  status: statusViewSchema,
  /** Null while it is planned only. */
  state: z.enum(taskStatuses).nullable(),
  company: z.string().nullable(),
  tier: z.number().nullable(),
  host: z.string().nullable(),
  slot: z.number().nullable(),
  findings: z.number(),
  costEur: z.number(),
  startedAt: at.nullable(),
  finishedAt: at.nullable(),
  planned: z.boolean(),
  attempts: z.array(nodeAttemptSchema),
});
export type PipelineNode = z.infer<typeof pipelineNodeSchema>;

export const pipelineEdgeSchema = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  /** stage: inside a chain; depends: between chains or tasks; reject: back-edge to BUILD; follow-up: a finding became work. */
  kind: z.enum(['stage', 'depends', 'reject', 'follow-up']),
  label: z.string().nullable(),
  satisfied: z.boolean(),
});
export type PipelineEdge = z.infer<typeof pipelineEdgeSchema>;

export const pipelineViewSchema = z.object({
  id: z.number(),
  title: z.string(),
  state: z.enum(pipelineStates),
  projectId: z.string().nullable(),
  projectName: z.string().nullable(),
  projectPath: z.string().nullable(),
  nodes: z.array(pipelineNodeSchema),
  edges: z.array(pipelineEdgeSchema),
  chains: z.array(
    z.object({
      id: z.number(),
      rootTaskId: z.number(),
      title: z.string(),
      state: z.enum(chainStates),
      rejects: z.number(),
      acceptedAt: at.nullable(),
    }),
  ),
  counts: z.record(z.enum(taskStatuses), z.number()),
  byStage: z.record(z.enum(stages), z.number()),
  costEur: z.number(),
  tokens: z.number(),
  createdAt: at,
  finishedAt: at.nullable(),
  scripted: z.boolean(),
  /** Hash of nodes and edges without their status: layouts are cached by it. */
  dagHash: z.string(),
});
export type PipelineView = z.infer<typeof pipelineViewSchema>;

export const pipelineListItemSchema = pipelineViewSchema
  .pick({
    id: true,
    title: true,
    state: true,
    projectId: true,
    projectName: true,
    costEur: true,
    createdAt: true,
    finishedAt: true,
    counts: true,
    scripted: true,
  })
  .extend({ tasks: z.number(), chains: z.number() });
export type PipelineListItem = z.infer<typeof pipelineListItemSchema>;
