import { z } from 'zod';
import { escalationStates } from '../status.ts';
import { changesSchema } from './changes.ts';
import { findingViewSchema } from './evidence.ts';
import { taskRefSchema } from './task.ts';

const at = z.date();

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
  'key',
  'quota',
  'stopped',
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
