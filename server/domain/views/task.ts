import { z } from 'zod';
import { mergeViewSchema } from '../merge.ts';
import { planSchema, reportSchema } from '../report.ts';
import {
  attemptStates,
  chainStates,
  origins,
  priorities,
  stages,
  stepStates,
  taskStatuses,
  verdicts,
} from '../status.ts';
import { findingViewSchema } from './evidence.ts';
import { routeSchema } from './routing.ts';
import { statusViewSchema } from './status.ts';

const at = z.date();

export const stepViewSchema = z.object({
  id: z.number(),
  key: z.string(),
  iteration: z.number(),
  state: z.enum(stepStates),
  commit: z.string().nullable(),
  doneAt: at.nullable(),
});

export const attemptViewSchema = z.object({
  id: z.number(),
  n: z.number(),
  host: z.string(),
  slot: z.number(),
  model: z.string(),
  tier: z.number(),
  state: z.enum(attemptStates),
  startedAt: at,
  endedAt: at.nullable(),
  heardAt: at.nullable(),
  lastProgressAt: at.nullable(),
  error: z.string().nullable(),
  tokensIn: z.number(),
  tokensOut: z.number(),
  costEur: z.number(),
  scripted: z.boolean(),
});

export const taskRefSchema = z.object({
  id: z.number(),
  title: z.string(),
  stage: z.enum(stages).nullable(),
  status: statusViewSchema,
});

export const taskViewSchema = z.object({
  id: z.number(),
  title: z.string(),
  description: z.string(),
  state: z.enum(taskStatuses),
  status: statusViewSchema,
  stage: z.enum(stages).nullable(),
  cycle: z.number(),
  generation: z.number(),
  verdict: z.enum(verdicts).nullable(),
  origin: z.enum(origins),
  priority: z.enum(priorities),
  tags: z.array(z.string()),
  owner: z.string().nullable(),
  projectId: z.string().nullable(),
  projectName: z.string().nullable(),
  pipelineId: z.number().nullable(),
  chainId: z.number().nullable(),
  chainState: z.enum(chainStates).nullable(),
  rootTaskId: z.number().nullable(),
  parentId: z.number().nullable(),
  company: z.string().nullable(),
  tier: z.number().nullable(),
  blueprint: z.string().nullable(),
  host: z.string().nullable(),
  slot: z.number().nullable(),
  route: routeSchema.nullable(),
  waits: z.string().nullable(),
  /** When what it waits for is tried next: a model or service that is left alone. */
  nextTryAt: at.nullable(),
  /** Legal human moves right now, as commands. */
  commands: z.array(
    z.enum([
      'start',
      'done',
      'cancel',
      'reopen',
      'edit',
      'stop',
      'send-back',
      'revert',
      'revert-as-work',
      'merge-minion',
    ]),
  ),
  /** One task, one worktree, no reviews: its branch waits for a human. */
  minion: z.boolean(),
  dependsOn: z.array(taskRefSchema),
  blocks: z.array(taskRefSchema),
  steps: z.array(stepViewSchema),
  attempts: z.array(attemptViewSchema),
  findings: z.array(findingViewSchema),
  /** Findings this task has to mend. */
  toMend: z.array(findingViewSchema),
  report: reportSchema.nullable(),
  /** What the lead of this task wants done; `report.planItems` says what became of it. */
  plan: planSchema.nullable(),
  /** Its work on the project's branch; null while nothing of it is merged. */
  merge: mergeViewSchema.nullable(),
  escalationId: z.number().nullable(),
  costEur: z.number(),
  tokensIn: z.number(),
  tokensOut: z.number(),
  createdAt: at,
  startedAt: at.nullable(),
  finishedAt: at.nullable(),
  scripted: z.boolean(),
  sandboxed: z.boolean().nullable(),
  version: z.number(),
});
export type TaskView = z.infer<typeof taskViewSchema>;

export const taskListItemSchema = taskViewSchema.pick({
  id: true,
  title: true,
  state: true,
  status: true,
  stage: true,
  cycle: true,
  priority: true,
  tags: true,
  company: true,
  tier: true,
  host: true,
  projectId: true,
  projectName: true,
  pipelineId: true,
  chainId: true,
  parentId: true,
  waits: true,
  createdAt: true,
  finishedAt: true,
});
export type TaskListItem = z.infer<typeof taskListItemSchema>;
