import { z } from 'zod';
import { budgetScopes, budgetUseSchema } from '../budget.ts';

/** What was spent, on what, and how much of it is allowed. All money is euro. */

export const spendSumSchema = z.object({
  eur: z.number(),
  calls: z.number(),
  /** Calls that the rehearsal answered: no model was paid for them. */
  scripted: z.number(),
  /** Calls that broke off and were counted by their text. */
  estimated: z.number(),
  tokensIn: z.number(),
  tokensOut: z.number(),
  tokensCache: z.number(),
  tokensThinking: z.number(),
  /** How long local models worked. */
  gpuSeconds: z.number(),
});
export type SpendSum = z.infer<typeof spendSumSchema>;

export const spendGroups = ['company', 'tier', 'project', 'model', 'stage'] as const;
export type SpendGroup = (typeof spendGroups)[number];

/** Stands where a task's tier, company or project would: calls that no task made. */
export const OUTSIDE_KEY = 'outside';

export const spendRowSchema = spendSumSchema.extend({
  key: z.string(),
  name: z.string(),
  tasks: z.number(),
});
export type SpendRow = z.infer<typeof spendRowSchema>;

export const spendDaySchema = z.object({
  /** `2026-11-21` */
  day: z.string(),
  eur: z.number(),
  /** Tier (or OUTSIDE_KEY) -> euro. */
  tiers: z.record(z.string(), z.number()),
});
export type SpendDay = z.infer<typeof spendDaySchema>;

export const budgetRowSchema = budgetUseSchema.extend({
  name: z.string(),
  raised: z.number(),
  /** Whose limit counts: its own, the one for all of its kind, or the stated default. */
  from: z.enum(['own', 'general', 'default']),
  setBy: z.string().nullable(),
});
export type BudgetRow = z.infer<typeof budgetRowSchema>;

export const dearTaskSchema = z.object({
  taskId: z.number(),
  title: z.string(),
  company: z.string().nullable(),
  stage: z.string().nullable(),
  eur: z.number(),
  tokens: z.number(),
  attempts: z.number(),
  scripted: z.boolean(),
});

export const spendViewSchema = z.object({
  now: z.date(),
  from: z.string(),
  to: z.string(),
  total: spendSumSchema,
  days: z.array(spendDaySchema),
  groups: z.record(z.enum(spendGroups), z.array(spendRowSchema)),
  dearest: z.array(dearTaskSchema),
  month: z.object({
    spent: z.number(),
    forecast: z.number(),
    perDay: z.number(),
    fromDays: z.number(),
    limit: z.number(),
  }),
  budgets: z.array(budgetRowSchema),
  /** What counts where nobody set one. */
  defaults: z.record(z.enum(budgetScopes), z.number()),
  /**
   * Tasks in the queue that wait for money, why most of them do, and how many questions would free them; `narrow` are
   * questions about the own budget of one task or pipeline, which stands still by itself. */
  waits: z.object({ tasks: z.number(), why: z.string().nullable(), asked: z.number(), narrow: z.number() }),
  /** Scripted answers are counted as if they had been paid for. */
  countsScripted: z.boolean(),
});
export type SpendView = z.infer<typeof spendViewSchema>;

/** The admission ticket of an attempt, beside what came of it. */
export const ticketViewSchema = z.object({
  attemptId: z.number(),
  forecastEur: z.number(),
  forecastMs: z.number().nullable(),
  loadMs: z.number(),
  from: z.number(),
  spentEur: z.number(),
  tookMs: z.number().nullable(),
});
export type TicketView = z.infer<typeof ticketViewSchema>;
