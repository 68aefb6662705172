import { type BudgetUse, budgetName } from '#server/domain/budget.ts';
import { money } from '#server/domain/money.ts';
import type { Queryable } from '#server/platform/db.ts';
import { askHuman } from './escalation.ts';
import { ENGINE } from './event.ts';
import { move } from './move.ts';
import { lookAgain } from './wait.ts';

/** What a question about a budget offers: so much more, in this period of this budget only. */
export interface RaiseOffer {
  scope: string;
  key: string;
  period: string;
  /** Euro on top. */
  raise: number;
  limit: number;
  spent: number;
}

/** Less would have to be asked for again before the work that waits is through. */
const LEAST_RAISE = 1;

const offerOf = (use: BudgetUse, needs: number): RaiseOffer => ({
  scope: use.scope,
  key: use.key,
  period: use.period,
  raise: Math.ceil(Math.max(use.limit, needs * 2, LEAST_RAISE) * 100) / 100,
  limit: use.limit,
  spent: use.spent,
});

/** Whether nothing is left, or only too little for what comes next. */
const ends = (u: BudgetUse): string => (u.limit - u.spent < 0.01 ? 'is used up' : 'does not reach');

/** The task's own budget, or its pipeline's, does not reach: it waits for a person, and burns nothing. */
export async function askForTask(
  q: Queryable,
  a: { taskId: number; from: readonly string[]; use: BudgetUse; needs: number; because: string },
): Promise<number | null> {
  const offer = offerOf(a.use, a.needs);
  return await askHuman(q, {
    kind: 'budget',
    taskId: a.taskId,
    from: a.from,
    actor: ENGINE,
    question: `The budget of ${budgetName(a.use.scope, a.use.key)} ${ends(a.use)}. Give it ${money(offer.raise)} more?`,
    why: a.because,
    context: { budget: offer },
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
  const offer = offerOf(use, needs);
  return await askHuman(q, {
    kind: 'budget',
    taskId: null,
    actor: ENGINE,
    question: `The budget of ${budgetName(use.scope, use.key)} ${ends(use)}. Spend ${money(offer.raise)} more?`,
    why: because,
    context: { budget: offer },
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
export async function raiseBudget(q: Queryable, offer: RaiseOffer): Promise<void> {
  await q.query(
    `INSERT INTO budget_use(scope, key, period, raised_eur) VALUES ($1, $2, $3, $4)
     ON CONFLICT (scope, key, period) DO UPDATE SET raised_eur = budget_use.raised_eur + excluded.raised_eur`,
    [offer.scope, offer.key, offer.period, offer.raise],
  );
  await lookAgain(q, 'budget');
}
