import { z } from 'zod';
import { stages } from '../status.ts';
import { answers, escalationKinds, escalationViewSchema } from './queue.ts';

/** What a question shows beside its text, and what became of the answers before it. */

const at = z.date();

/** As patterns and rules compare it. `area` is `*.md`, `docs/`, or that the change is nowhere in particular. */
export const decisionFactsSchema = z.object({
  company: z.string(),
  stage: z.string(),
  area: z.string(),
  labels: z.array(z.string()),
});
export type DecisionFacts = z.infer<typeof decisionFactsSchema>;

/** What the work came to after the answer. `waits`: nothing yet that could be judged. */
export const outcomes = [
  'merged',
  'reverted',
  'reopened',
  'failed',
  'asked again',
  'cancelled',
  'done',
  'running',
  'waits',
] as const;
export type Outcome = (typeof outcomes)[number];
/** Outcomes that say the answer was regretted, when it was to go on. */
export const regrets: readonly Outcome[] = ['reverted', 'reopened', 'failed', 'asked again'];

export const decisionItemSchema = z.object({
  id: z.number(),
  kind: z.enum(escalationKinds),
  title: z.string(),
  taskId: z.number().nullable(),
  company: z.string().nullable(),
  answer: z.enum(answers),
  by: z.string(),
  at,
  note: z.string(),
  outcome: z.enum(outcomes),
  regretted: z.boolean(),
  ruleId: z.number().nullable(),
});
export type DecisionItem = z.infer<typeof decisionItemSchema>;

export const decisionPageSchema = z.object({
  items: z.array(decisionItemSchema),
  total: z.number(),
  /** Ask again with it for the older ones; null at the end. */
  cursor: z.number().nullable(),
  people: z.array(z.string()),
});
export type DecisionPage = z.infer<typeof decisionPageSchema>;

export const spentSchema = z.object({ eur: z.number(), tokens: z.number() });

/** A question with all that is needed to decide it. */
export const caseViewSchema = escalationViewSchema.extend({
  askedBy: z.object({
    /** "The reviewer of CodeCraft", "The safety rule psd2", "The engine". */
    who: z.string(),
    stage: z.enum(stages).nullable(),
    host: z.string().nullable(),
    /** The attempt that ended with it. */
    attempt: z.number().nullable(),
  }),
  expiresAt: at,
  size: z.object({ files: z.number(), added: z.number(), removed: z.number() }).nullable(),
  spent: z.object({ task: spentSchema, chain: spentSchema, scripted: z.boolean() }).nullable(),
  /** The stage that approving starts, and what such stages have cost; null when nothing would run. */
  next: z
    .object({
      stage: z.string(),
      /** Median of `from` done tasks; null where there are none. */
      eur: z.number().nullable(),
      tokens: z.number().nullable(),
      from: z.number(),
      /** The same company's tasks, or those of all. */
      sameCompany: z.boolean(),
    })
    .nullable(),
  similar: z.array(decisionItemSchema),
  /** Why nobody has to answer it any more. */
  withdrawn: z.string().nullable(),
  assigned: z.object({ id: z.string(), name: z.string(), by: z.string() }).nullable(),
  ruleId: z.number().nullable(),
  /** The task whose changes, transcript and evidence are to be judged. */
  sourceTaskId: z.number().nullable(),
});
export type CaseView = z.infer<typeof caseViewSchema>;

export const personSchema = z.object({ id: z.string(), name: z.string(), role: z.string() });
export type Person = z.infer<typeof personSchema>;

export const patternSchema = z.object({
  kind: z.enum(escalationKinds),
  facts: decisionFactsSchema,
  approved: z.number(),
  decisions: z.array(z.number()),
  /** "You approved 14 of 14: merges of CodeCraft in SECURITY that change *.md only." */
  said: z.string(),
});
export type Pattern = z.infer<typeof patternSchema>;

export const ruleSchema = z.object({
  id: z.number(),
  kind: z.enum(escalationKinds),
  facts: decisionFactsSchema,
  said: z.string(),
  decisions: z.array(z.number()),
  acceptedBy: z.string(),
  acceptedAt: at,
  revokedBy: z.string().nullable(),
  revokedAt: at.nullable(),
  uses: z.number(),
  lastUsedAt: at.nullable(),
});
export type Rule = z.infer<typeof ruleSchema>;

export const rulesViewSchema = z.object({ patterns: z.array(patternSchema), rules: z.array(ruleSchema) });
export type RulesView = z.infer<typeof rulesViewSchema>;
