import {
  type BudgetScope,
  type BudgetUse,
  budgetScopes,
  isNarrow,
  periodOf,
  refusalText,
  safeDefaults,
} from '#server/domain/budget.ts';
import { type Prices, priceRowOf, type Where } from '#server/domain/prices.ts';

/** Pure decisions about money: which budgets a task is under, whether they allow it, what an attempt will probably cost. */

export interface Payer {
  taskId: number;
  pipelineId: number;
  company: string | null;
  project: string | null;
}

export interface BudgetPlace {
  scope: BudgetScope;
  key: string;
  period: string;
}

const EVER = '0001-01-01';

/** Every budget that a task's money comes out of, in the order in which they are locked. `today` is the database's date. */
export function placesOf(p: Payer, today: string): BudgetPlace[] {
  const keys: Record<BudgetScope, string | null> = {
    day: '',
    month: '',
    project: p.project,
    company: p.company,
    pipeline: String(p.pipelineId),
    task: String(p.taskId),
  };
  const period = { ever: EVER, day: today, month: `${today.slice(0, 7)}-01` };
  return budgetScopes.flatMap((scope) => {
    const key = keys[scope];
    return key === null ? [] : [{ scope, key, period: period[periodOf[scope]] }];
  });
}

/** What may be spent: its own budget, else the one for all of its kind, else the stated default; and what was given on top. */
export function limitOf(
  scope: BudgetScope,
  key: string,
  budgets: ReadonlyMap<string, number>,
  raised: number,
): number {
  const set = budgets.get(`${scope}:${key}`) ?? budgets.get(`${scope}:`) ?? safeDefaults[scope];
  return set + raised;
}

export type Verdict =
  | { allowed: true }
  /** `ask`: waiting helps nothing, a person must say; otherwise what is promised to running work may come back. */
  | { allowed: false; use: BudgetUse; needs: number; ask: boolean; narrow: boolean; because: string };

/** Whether so much more may be promised. A budget that is used up to the cent allows what costs nothing. */
export function mayReserve(uses: readonly BudgetUse[], needs: number): Verdict {
  const over = uses.filter((u) => needs > 0 && u.spent + u.reserved + needs > u.limit + 1e-9);
  // The one that no waiting frees comes first, and of those the one that concerns this work alone.
  const spent = over.filter((u) => u.spent + needs > u.limit + 1e-9);
  const use = spent.find((u) => isNarrow(u.scope)) ?? spent[0] ?? over[0];
  if (!use) return { allowed: true };
  return {
    allowed: false,
    use,
    needs,
    ask: spent.includes(use),
    narrow: isNarrow(use.scope),
    because: refusalText(use, needs),
  };
}

export interface AttemptHistory {
  n: number;
  eur: number;
  ms: number;
}
export interface AttemptForecast {
  eur: number;
  /** Null when nothing like it was ever done. */
  ms: number | null;
  from: number;
}

/** Fewer than this is an anecdote, not a history. */
const ENOUGH = 3;
/** A guess without history: a tenth of what the steps may use, three quarters of it read. */
const GUESS = 0.1;
/** How much of its time limit an attempt is guessed to take on a local model. */
const GUESS_TIME = 0.25;

/** What an attempt will probably cost: the median of what such attempts cost, else a guess from its limits that says so. */
export function forecastAttempt(
  prices: Prices,
  where: Where,
  limits: { tokens: number; seconds: number },
  history: AttemptHistory | null,
): AttemptForecast {
  if (history && history.n >= ENOUGH) return { eur: history.eur, ms: history.ms, from: history.n };
  const row = priceRowOf(prices, where);
  if (!row) {
    const rate = prices.local.hosts[where.host] ?? prices.local.default;
    return { eur: ((limits.seconds * GUESS_TIME) / 3_600) * rate, ms: null, from: 0 };
  }
  const rate = (row.currency === 'usd' ? prices.usd_in_eur : 1) / 1_000_000;
  const tokens = limits.tokens * GUESS;
  return { eur: tokens * (0.75 * row.in + 0.25 * row.out) * rate, ms: null, from: 0 };
}

/**
 * The month's end by what was spent so far: the mean of the last seven whole days for each day that is left, and today as it is.
 * `daily` holds the days before today, newest first.
 */
export function forecastMonth(o: {
  spent: number;
  today: number;
  daily: number[];
  day: number;
  daysInMonth: number;
}): {
  eur: number;
  perDay: number;
  from: number;
} {
  const past = o.daily.slice(0, 7);
  const from = past.length;
  const perDay = from > 0 ? past.reduce((a, b) => a + b, 0) / from : o.today;
  const rest = Math.max(0, perDay - o.today);
  return { eur: o.spent + rest + perDay * (o.daysInMonth - o.day), perDay, from };
}
