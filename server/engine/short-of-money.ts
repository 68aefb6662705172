import { type BudgetUse, budgetName } from '#server/domain/budget.ts';
import type { Queryable } from '#server/platform/db.ts';
import { askHuman } from './escalation.ts';
import { ENGINE } from './event.ts';
import { move } from './move.ts';
import { lookAgain } from './wait.ts';

/** What a question about a budget offers: so much more, in this period of this budget only. */
export interface RaiseOffer {
  scope: string;
  key: string;
  /** What people call it; older questions have none. */
  name?: string;
  period: string;
  /** Euro on top: enough for the work that asks. */
  raise: number;
  /** A round larger sum, which lasts longer; questions from before this have none. */
  more?: number;
  /** What the work that asks needs by its forecast. */
  needs?: number;
  limit: number;
  spent: number;
}

const roundUp = (eur: number, step: number) => Number((Math.ceil(eur / step - 1e-9) * step).toFixed(2));
/** The next of 1, 2, 5, 10, 20, 50 … */
function roundSum(eur: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, eur)));
  return ([1, 2, 5, 10].find((n) => n * power >= eur - 1e-9) ?? 10) * power;
}

/**
 * Two sums to choose from: what is missing for the work that asks, in whole euro (tenths where the budget is of cents, fives above ten), and a round one of at least
 * twice that or a quarter of the budget, for who does not want to be asked again soon.
 */
export function raisesOf(
  use: Pick<BudgetUse, 'limit' | 'spent' | 'reserved'>,
  needs: number,
): { raise: number; more: number } {
  const missing = Math.max(0, use.spent + use.reserved + needs - use.limit);
  const cents = use.limit > 0 && use.limit < 1 && missing < 1;
  const step = cents ? 0.1 : missing > 10 ? 5 : 1;
  const raise = Math.max(step, roundUp(missing, step));
  return { raise, more: roundSum(Math.max(raise * 2, use.limit / 4)) };
}

const offerOf = (use: BudgetUse, needs: number, name: string): RaiseOffer => ({
  scope: use.scope,
  key: use.key,
  name,
  period: use.period,
  ...raisesOf(use, needs),
  needs,
  limit: use.limit,
  spent: use.spent,
});

/** What people call a budget: a project is known to them by its name, not by its id. */
export async function knownAs(q: Queryable, use: Pick<BudgetUse, 'scope' | 'key'>): Promise<string> {
  if (use.scope !== 'project') return budgetName(use.scope, use.key);
  const { rows } = await q.query<{ name: string }>('SELECT name FROM project WHERE id = $1', [use.key]);
  return budgetName(use.scope, rows[0]?.name ?? use.key);
}

/** Whether nothing is left, or only too little for what comes next. */
const ends = (u: BudgetUse): string =>
  u.limit - u.spent <= Math.min(0.01, u.limit / 20) ? 'is used up' : 'does not reach';

/** The task's own budget, or its pipeline's, does not reach: it waits for a person, and burns nothing. */
export async function askForTask(
  q: Queryable,
  a: { taskId: number; from: readonly string[]; use: BudgetUse; needs: number; because: string },
): Promise<number | null> {
  const name = await knownAs(q, a.use);
  return await askHuman(q, {
    kind: 'budget',
    taskId: a.taskId,
    from: a.from,
    actor: ENGINE,
    question: `The budget of ${name} ${ends(a.use)}. Give it more?`,
    why: a.because,
    context: { budget: offerOf(a.use, a.needs, name) },
  });
}

/** A budget of many does not reach: asked once for its period, however many tasks wait for it. */
export async function askForAll(
  q: Queryable,
  use: BudgetUse,
  needs: number,
  because: string,
): Promise<number | null> {
  const dedupeKey = `budget:${use.scope}:${use.key}:${use.period}`;
  // Who said no for this period is not asked again in it.
  const { rowCount } = await q.query(
    `SELECT 1 FROM escalation WHERE dedupe_key = $1 AND state = 'ANSWERED' AND answer = 'reject'`,
    [dedupeKey],
  );
  if (rowCount) return null;
  const name = await knownAs(q, use);
  return await askHuman(q, {
    kind: 'budget',
    taskId: null,
    actor: ENGINE,
    question: `The budget of ${name} ${ends(use)}. Spend more?`,
    why: because,
    context: { budget: offerOf(use, needs, name) },
    dedupeKey,
  });
}

/** Somebody set the budget itself, so what was asked about it has no answer any more; what still does not fit asks anew. */
export async function withdrawAsked(
  q: Queryable,
  budget: { scope: BudgetUse['scope']; key: string },
): Promise<void> {
  const { rows } = await q.query<{ id: number }>(
    `SELECT id FROM escalation WHERE kind = 'budget' AND state = 'OPEN' AND task_id IS NULL
       AND context->'budget'->>'scope' = $1 AND ($2 = '' OR context->'budget'->>'key' = $2) ORDER BY id`,
    [budget.scope, budget.key],
  );
  const note = 'The budget was changed instead';
  for (const { id } of rows)
    await move(q, {
      machine: 'escalation',
      id,
      from: 'OPEN',
      to: 'WITHDRAWN',
      actor: ENGINE,
      reason: note,
      patch: { note, closed_at: { sql: 'clock_timestamp()' } },
    });
}

/** Gives a budget what was asked for, in its period only, and lets what waited for it go on. */
export async function raiseBudget(q: Queryable, offer: RaiseOffer, eur: number): Promise<void> {
  await q.query(
    `INSERT INTO budget_use(scope, key, period, raised_eur) VALUES ($1, $2, $3, $4)
     ON CONFLICT (scope, key, period) DO UPDATE SET raised_eur = budget_use.raised_eur + excluded.raised_eur`,
    [offer.scope, offer.key, offer.period, eur],
  );
  await lookAgain(q, 'budget');
}
