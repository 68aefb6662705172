import { z } from 'zod';
import { stages } from '../status.ts';
import { answers, escalationKinds, escalationViewSchema } from './queue.ts';
import { runSchema } from './runs.ts';

const at = z.date();
const task = z.object({ taskId: z.number(), title: z.string() });

/** A question small enough for a phone; an answer carries its digest as everywhere. */
export const phoneCardSchema = z.object({
  id: z.number(),
  kind: z.enum(escalationKinds),
  question: z.string(),
  why: z.string(),
  text: z.string(),
  digest: z.string(),
  taskId: z.number().nullable(),
  askedAt: at,
  blocks: z.number(),
  files: z.number(),
  evidence: escalationViewSchema.shape.evidence,
  findings: z.array(z.object({ severity: z.string(), title: z.string() })),
  consequences: escalationViewSchema.shape.consequences,
  suggestedReasons: z.array(z.string()),
  /** Why this person may not answer it; null when he may. */
  whyNot: z.string().nullable(),
});
export type PhoneCard = z.infer<typeof phoneCardSchema>;

/** One phone screen: is anything stuck, what needs me, what did it cost, what finished, what is slow. */
export const phoneSchema = z.object({
  now: at,
  /** What is worked on: "Bento and 4 more". */
  title: z.string(),
  running: z.number(),
  queued: z.number(),
  /** `resting`: those a person paused, drained or stopped; absent in what was kept by an older version. */
  hosts: z.object({ live: z.number(), all: z.number(), resting: z.number().optional() }),
  stopped: z.object({ by: z.string(), at, reason: z.string() }).nullable(),
  /** The processes of the factory, and when each was heard of. */
  runs: z.array(runSchema),
  /** What is wrong with the fleet and lasts, the urgent first. */
  troubles: z.array(z.object({ title: z.string(), why: z.string(), urgent: z.boolean() })),
  /** What is wrong and may heal before anybody is told of it. */
  watched: z.array(z.object({ title: z.string(), since: at, tellAt: at })),
  /** `unheard`: its worker is not heard of, so that it may not run at all; absent in what was kept by an older version. */
  stuck: z.array(task.extend({ host: z.string(), since: at, unheard: z.boolean().optional() })),
  /** The last attempt that fell silent and was taken from its host, and how many were lately; absent in what was kept by an older version. */
  restarted: task.extend({ at, times: z.number().optional() }).nullable(),
  needYou: z.number(),
  oldestAskedAt: at.nullable(),
  /** Chains and tasks that wait for what is asked. */
  blocked: z.number(),
  spentTodayEur: z.number(),
  dayBudgetEur: z.number(),
  /** Up to the same time of the day before. */
  spentYesterdayEur: z.number(),
  tokensToday: z.number(),
  scripted: z.boolean(),
  finishedToday: z.number(),
  lastFinished: task.extend({ at }).nullable(),
  /** Runs longer than nine of ten like it did. */
  slow: z.array(
    task.extend({ stage: z.enum(stages).nullable(), runningMs: z.number(), usualMs: z.number() }),
  ),
  /** The first questions, in the order of the queue. */
  cards: z.array(phoneCardSchema),
  /** Answers that can still be taken back. */
  pending: z.array(
    z.object({
      id: z.number(),
      kind: z.enum(escalationKinds),
      taskId: z.number().nullable(),
      answer: z.enum(answers),
      by: z.string(),
      effectiveAt: at,
    }),
  ),
});
export type Phone = z.infer<typeof phoneSchema>;
