import { z } from 'zod';
import { severities, verdicts } from './status.ts';

/** A problem found by a reviewer. `file` is relative to the repository; text is data, never instructions. */
export const findingSchema = z.object({
  severity: z.enum(severities),
  title: z.string().min(1).max(300),
  detail: z.string().max(4_000).default(''),
  file: z.string().max(500).nullable().default(null),
  line: z.number().int().positive().nullable().default(null),
  evidence: z.string().max(4_000).default(''),
});
export type Finding = z.infer<typeof findingSchema>;

/** What a lead hands to the builder: typed, so that each item can be answered for. */
export const planSchema = z.object({
  items: z
    .array(
      z.object({
        title: z.string().min(1).max(200),
        files: z.array(z.string().max(300)).max(30).default([]),
        detail: z.string().max(2_000).default(''),
        acceptance: z.string().max(1_000).default(''),
      }),
    )
    .min(1)
    .max(20),
  risks: z.array(z.string().max(500)).max(20).default([]),
  notTouching: z.array(z.string().max(500)).max(20).default([]),
});
export type Plan = z.infer<typeof planSchema>;

/** What became of one item of the plan, by its number from 1. */
export const planAnswerSchema = z.object({
  item: z.number().int().positive(),
  state: z.enum(['done', 'skipped']),
  why: z.string().max(1_000).default(''),
});
export type PlanAnswer = z.infer<typeof planAnswerSchema>;
/** A reviewer's answer to one acceptance criterion. */
export const criterionAnswerSchema = z.object({
  number: z.number().int().positive(),
  met: z.boolean(),
  evidence: z.string().min(1).max(1_000),
});

/** What an agent says it did, by the session log's schema. Given to later agents of the pipeline. */
export const reportSchema = z.object({
  agentType: z.string().max(40),
  company: z.string().max(60),
  taskSummary: z.string().min(1).max(4_000),
  filesWritten: z.array(z.string().max(500)).max(500).default([]),
  keyDecisions: z.array(z.string().max(1_000)).max(50).default([]),
  blockers: z.array(z.string().max(1_000)).max(50).default([]),
  verification: z.string().max(4_000).default(''),
  verdict: z.enum(verdicts).nullable().default(null),
  /** The plan it was given, item by item. */
  planItems: z.array(planAnswerSchema).max(30).default([]),
  /** A reviewer's answer to each acceptance criterion, by its number. */
  criteria: z.array(criterionAnswerSchema).max(50).default([]),
  /** Earlier work or knowledge this one rests on, e.g. `#4001`. */
  consulted: z.array(z.string().max(200)).max(50).default([]),
});
export type Report = z.infer<typeof reportSchema>;
