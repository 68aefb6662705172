import { z } from 'zod';
import { money } from './money.ts';

/** What may be spent, in words that the engine, the pages and the terminal share. All money is euro. */

/** `day` comes first: whoever spends locks it first, so no two can wait for each other. */
export const budgetScopes = ['day', 'month', 'project', 'company', 'pipeline', 'task'] as const;
export type BudgetScope = (typeof budgetScopes)[number];

/**
 * What counts where nobody has set a budget: never "unlimited". Small enough that a mistake of one night is an annoyance and
 * not a loss, large enough for a day's work on local models with some of it by a cloud model.
 */
export const safeDefaults: Record<BudgetScope, number> = {
  task: 2,
  pipeline: 15,
  company: 60,
  project: 100,
  day: 15,
  month: 200,
};

/** The share of a budget at which it warns. At 1 it stops. */
export const WARN_AT = 0.8;

/** Nothing larger can be typed by mistake. */
export const MAX_BUDGET = 100_000;

export const budgetSchema = z.strictObject({
  scope: z.enum(budgetScopes),
  /** A task's or pipeline's number, a company, a project's id; empty for all that have none of their own, and for day and month. */
  key: z.string().max(80).default(''),
  /** Euro. */
  limit: z.number().min(0).max(MAX_BUDGET),
});

export type BudgetPeriod = 'ever' | 'day' | 'month';
export const periodOf: Record<BudgetScope, BudgetPeriod> = {
  task: 'ever',
  pipeline: 'ever',
  company: 'month',
  project: 'month',
  day: 'day',
  month: 'month',
};

/** Budgets of one piece of work: its end is answered for that work alone. The others hold up everybody. */
export const isNarrow = (scope: BudgetScope): boolean => scope === 'task' || scope === 'pipeline';

/** One budget in one period: whose, how much, and what is left of it. */
export const budgetUseSchema = z.object({
  scope: z.enum(budgetScopes),
  key: z.string(),
  /** The first day of its period, `2026-11-21`; `0001-01-01` where it is as old as what it is for. */
  period: z.string(),
  limit: z.number(),
  spent: z.number(),
  reserved: z.number(),
});
export type BudgetUse = z.infer<typeof budgetUseSchema>;

/** "today", "task #12", "CodeCraft this month". */
export function budgetName(scope: BudgetScope, key: string): string {
  switch (scope) {
    case 'day':
      return 'today';
    case 'month':
      return 'this month';
    case 'company':
      return `${key} this month`;
    case 'project':
      return `project ${key} this month`;
    default:
      return `${scope} #${key}`;
  }
}

/** Why a budget does not allow it, with its figures. */
export function refusalText(u: BudgetUse, needs: number): string {
  const promised = u.reserved > 0 ? `, ${money(u.reserved)} promised to what runs` : '';
  // Its project is known by an id here, which tells nobody anything; the task it is said of shows the name.
  const whose = u.scope === 'project' ? 'its project this month' : budgetName(u.scope, u.key);
  return `The budget of ${whose} is ${money(u.limit)}: ${money(u.spent)} spent${promised}, and this needs ${money(needs)} more.`;
}
