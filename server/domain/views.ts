import { z } from 'zod';
import { findingSchema, planSchema, reportSchema } from './attempt.ts';
import { mergeModes, mergeViewSchema } from './merge.ts';
import { pipelineNames } from './pipelines.ts';
import {
  attemptStates,
  chainStates,
  escalationStates,
  origins,
  pipelineStates,
  priorities,
  stages,
  stepStates,
  taskStatuses,
  verdicts,
} from './status.ts';

/** The shapes that pages and the CLI show. The API validates its answers' types against these, the browser imports them. */

const at = z.date();

/** One of the seven looks of a status (UI.md rule 7 and the hatch). */
export const looks = ['queued', 'running', 'yours', 'done', 'failed', 'cancelled', 'stale', 'none'] as const;
export type Look = (typeof looks)[number];

/** A status as it is shown: derived from leases and rows at the moment of asking, never remembered. */
export const statusViewSchema = z.object({
  look: z.enum(looks),
  /** "Building", "Waits for FORGE", "Merged", "Needs you" … */
  word: z.string(),
  /** Since when: the age shown. */
  since: at.nullable(),
  /** When the live attempt was last heard of. */
  heardAt: at.nullable(),
});
export type StatusView = z.infer<typeof statusViewSchema>;

export const routeChoiceSchema = z.object({
  host: z.string().nullable(),
  model: z.string(),
  tier: z.number().int(),
  provider: z.string(),
  /** The entry of providers.yaml that answers; absent for the host's own model server and for CLI agents. */
  account: z.string().optional(),
  /** How it is asked, in order; rows from before this have none. */
  pipelines: z.array(z.enum(pipelineNames)).optional(),
});
export const routeSkipSchema = z.object({ tier: z.number().int(), model: z.string(), reason: z.string() });

/** The full explanation of a route; stored with the task and shown as it was. */
export const routeSchema = z.object({
  company: z.string(),
  blueprint: z.string(),
  complexity: z.number().int().min(1).max(5),
  domain: z.string(),
  type: z.string(),
  confidence: z.number().min(0).max(1),
  tier: z.number().int().min(1).max(5),
  /** Ordered: the first whose host has a slot gets it. */
  choices: z.array(routeChoiceSchema),
  /** Only what works without a network was allowed. */
  offline: z.boolean().optional(),
  skipped: z.array(routeSkipSchema).default([]),
  /** Why a human must decide first; null when agents may start. */
  held: z.object({ pattern: z.string(), reason: z.string() }).nullable(),
  reasons: z.array(z.string()),
  classifier: z.string(),
});
export type Route = z.infer<typeof routeSchema>;

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

export const hostViewSchema = z.object({
  name: z.string(),
  slots: z.number(),
  busy: z.number(),
  state: z.enum(['live', 'silent', 'absent', 'paused', 'draining', 'stopped']),
  lastSeen: at.nullable(),
  models: z.array(z.string()),
  sandbox: z.enum(['bubblewrap', 'seatbelt', 'none', 'unknown']),
  queued: z.number(),
  running: z.array(z.object({ slot: z.number(), taskId: z.number(), title: z.string() })),
});
export type HostView = z.infer<typeof hostViewSchema>;

/** The 40 px strip on top of every page. */
export const stripSchema = z.object({
  running: z.number(),
  mayBeStuck: z.number(),
  needYou: z.number(),
  spentTodayEur: z.number(),
  /** What may be spent today, with what was given on top. */
  dayBudgetEur: z.number(),
  tokensToday: z.number(),
  hosts: z.array(hostViewSchema),
  stopped: z.object({ by: z.string(), at, reason: z.string() }).nullable(),
  /** True when the models answering now are scripted: "scripted, no model was called". */
  scripted: z.boolean(),
  now: at,
});
export type Strip = z.infer<typeof stripSchema>;

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

export const timelineItemSchema = z.object({
  /** "<xid>-<seq>" of the event: stable, ordered. */
  id: z.string(),
  at,
  look: z.enum(looks),
  title: z.string(),
  detail: z.string(),
  actor: z.string(),
});
export type TimelineItem = z.infer<typeof timelineItemSchema>;

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
export type AttemptView = z.infer<typeof attemptViewSchema>;

export const gateViewSchema = z.object({
  id: z.number(),
  stepKey: z.string(),
  gate: z.string(),
  tryNumber: z.number(),
  ok: z.boolean(),
  verdict: z.string(),
  detail: z.string(),
  command: z.array(z.string()).nullable(),
  exitCode: z.number().nullable(),
  ms: z.number(),
  at,
  output: z.string(),
  /** Who observed it: only what the harness or CI ran counts. */
  observed: z.enum(['harness', 'ci', 'agent']),
});
export type GateView = z.infer<typeof gateViewSchema>;

export const callViewSchema = z.object({
  id: z.number(),
  attemptId: z.number(),
  stepKey: z.string(),
  model: z.string(),
  tokensIn: z.number(),
  tokensOut: z.number(),
  ms: z.number(),
  ok: z.boolean(),
  errorCode: z.string().nullable(),
  costEur: z.number(),
  at,
});

export const findingViewSchema = findingSchema.extend({
  id: z.number(),
  taskId: z.number(),
  followUpTaskId: z.number().nullable(),
  mended: z.boolean(),
});
export type FindingView = z.infer<typeof findingViewSchema>;

export const proofViewSchema = z.object({
  taskId: z.number(),
  gotcha: z.string(),
  manifest: z.record(z.string(), z.unknown()),
  patchHash: z.string().nullable(),
  createdAt: at,
});

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

export const answers = ['approve', 'send_back', 'reject'] as const;
export type Answer = (typeof answers)[number];

export const escalationKinds = [
  'safety',
  'retries',
  'quality',
  'rejects',
  'merge',
  'question',
  'consent',
  'dependency',
  'effect',
  'minion',
  'budget',
  'permission',
  'plan',
] as const;
export type EscalationKind = (typeof escalationKinds)[number];

export const escalationItemSchema = z.object({
  id: z.number(),
  kind: z.enum(escalationKinds),
  state: z.enum(escalationStates),
  title: z.string(),
  taskId: z.number().nullable(),
  chainId: z.number().nullable(),
  pipelineId: z.number().nullable(),
  blocks: z.number(),
  company: z.string().nullable(),
  /** Whose it is, when it was given to one person. */
  assigned: z.object({ id: z.string(), name: z.string() }).nullable(),
  askedAt: at,
  /** How often it was asked again; shown louder. */
  askedTimes: z.number(),
  pending: z
    .object({ answer: z.enum(answers), by: z.string(), effectiveAt: at, note: z.string() })
    .nullable(),
  decision: z.object({ answer: z.enum(answers), by: z.string(), at, note: z.string() }).nullable(),
});
export type EscalationItem = z.infer<typeof escalationItemSchema>;

export const escalationViewSchema = escalationItemSchema.extend({
  question: z.string(),
  /** What the task says beside its title: an approval is of exactly this text. */
  text: z.string(),
  why: z.string(),
  /** The digest of what is shown here; an answer must carry it. */
  digest: z.string(),
  task: taskRefSchema.nullable(),
  tier: z.number().nullable(),
  evidence: z.array(
    z.object({
      observed: z.enum(['harness', 'ci', 'agent']),
      ok: z.boolean().nullable(),
      text: z.string(),
      ms: z.number().nullable(),
    }),
  ),
  findings: z.array(findingViewSchema),
  changes: changesSchema.nullable(),
  /** What each answer will do, as the buttons say it; absent = not offered for this question. */
  consequences: z.object({
    approve: z.string().nullable(),
    send_back: z.string().nullable(),
    reject: z.string().nullable(),
  }),
  suggestedReasons: z.array(z.string()),
  blockedTasks: z.array(taskRefSchema),
});
export type EscalationView = z.infer<typeof escalationViewSchema>;

/** What waits, the most urgent first and as many as were asked for, and what was answered in the last day. */
export const queueViewSchema = z.object({
  open: z.array(escalationItemSchema),
  answered: z.array(escalationItemSchema),
  /** All that wait and match. */
  total: z.number(),
});
export type QueueView = z.infer<typeof queueViewSchema>;

export const transcriptViewSchema = z.object({
  attemptId: z.number(),
  entries: z.array(
    z.object({
      id: z.number(),
      seq: z.number(),
      at,
      stepKey: z.string(),
      kind: z.string(),
      data: z.record(z.string(), z.unknown()),
      /** Grows with every rewrite of the entry; ask again with the largest seen. */
      rev: z.number(),
    }),
  ),
  cursor: z.number(),
  live: z.boolean(),
});
export type TranscriptView = z.infer<typeof transcriptViewSchema>;

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

/** One transition as the live feed tells it. */
export const feedEventSchema = z.object({
  id: z.string(),
  type: z.string(),
  entity: z.string(),
  entityId: z.string(),
  taskId: z.number().nullable(),
  pipelineId: z.number().nullable(),
  projectId: z.string().nullable(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  actor: z.string(),
  reason: z.string(),
  at,
});
export type FeedEvent = z.infer<typeof feedEventSchema>;

/** Offered, never done by itself. */
export const suggestionSchema = z.object({
  company: z.string().nullable(),
  complexity: z.number().int().min(1).max(5).nullable(),
  /** "You sent 2 similar tasks to Vizu: use Vizu?" */
  text: z.string(),
  /** The tasks it comes from. */
  taskIds: z.array(z.number().int()),
});
export type Suggestion = z.infer<typeof suggestionSchema>;

/** What `route` answers: a dry run, nothing is created. */
export const routePreviewSchema = z.object({
  title: z.string(),
  route: routeSchema,
  projectRequired: z.boolean(),
  /** What people did with similar tasks, to be taken or not. */
  suggestion: suggestionSchema.nullish(),
});
export type RoutePreview = z.infer<typeof routePreviewSchema>;

export const newTaskSchema = z.object({
  title: z.string(),
  description: z.string().max(50_000).default(''),
  priority: z.enum(priorities).default('M'),
  tags: z.array(z.string().trim().min(1).max(40)).max(20).default([]),
  owner: z.string().max(80).nullable().default(null),
  parentId: z.number().int().positive().nullable().default(null),
  /** Name inside this request, for dependencies between its tasks. */
  key: z.string().max(60).optional(),
  /** Keys of this request, or ids of existing tasks. */
  dependsOn: z
    .array(z.union([z.string(), z.number().int()]))
    .max(50)
    .default([]),
  /** Overrides of the route; the explanation says that a human chose them. */
  company: z.string().max(60).nullable().default(null),
  blueprint: z.string().max(60).nullable().default(null),
  tier: z.number().int().min(1).max(5).nullable().default(null),
  /** One task, one worktree, one blueprint, no reviews: its branch waits until a human merges or discards it. */
  minion: z.boolean().default(false),
  /** Only tiers that work without a network. */
  offline: z.boolean().optional(),
});
export type NewTask = z.infer<typeof newTaskSchema>;

export const createTasksSchema = z.object({
  idempotencyKey: z.string().min(8).max(200),
  /** An existing project's id, or a folder path of a git repository; null leaves the tasks in the Inbox. */
  project: z.string().max(4_000).nullable().default(null),
  pipelineTitle: z.string().max(300).nullable().default(null),
  tasks: z.array(newTaskSchema).min(1).max(200),
});
export type CreateTasks = z.infer<typeof createTasksSchema>;

export const createdSchema = z.object({
  pipelineId: z.number(),
  taskIds: z.array(z.number()),
  projectId: z.string().nullable(),
});
export type Created = z.infer<typeof createdSchema>;
