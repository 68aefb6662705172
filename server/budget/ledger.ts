import type { BudgetUse } from '#server/domain/budget.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { readLimits } from './data.ts';
import { type BudgetPlace, limitOf } from './policy.ts';

/** The rows that say what is spent and promised, locked by whoever changes them. */

/** The rows of these places ($1). */
export const joined = `budget_use b JOIN jsonb_to_recordset($1::jsonb) p(scope text, key text, period date)
  ON b.scope = p.scope AND b.key = p.key AND b.period = p.period`;

/**
 * Locks the budgets of these places, makes what is not there yet, and answers how they stand. The day comes first: all who
 * spend on one day wait for each other there, so the others may be locked in any order.
 */
export async function lockUses(q: Queryable, places: readonly BudgetPlace[]): Promise<BudgetUse[]> {
  const json = toJson(places);
  await q.query(
    `INSERT INTO budget_use(scope, key, period)
     SELECT p.scope, p.key, p.period FROM jsonb_to_recordset($1::jsonb) p(scope text, key text, period date)
     WHERE NOT EXISTS (SELECT 1 FROM budget_use b WHERE b.scope = p.scope AND b.key = p.key AND b.period = p.period)
     ORDER BY p.scope <> 'day', p.scope, p.key ON CONFLICT DO NOTHING`,
    [json],
  );
  await q.query(`SELECT 1 FROM ${joined} WHERE p.scope = 'day' FOR UPDATE OF b`, [json]);
  // In one order all the same: at midnight some still pay from yesterday.
  const { rows } = await q.query<Omit<BudgetUse, 'limit'> & { raised: number }>(
    `SELECT b.scope, b.key, b.period::text period, b.spent_eur::float8 spent, b.reserved_eur::float8 reserved, b.raised_eur::float8 raised
     FROM ${joined} ORDER BY b.scope, b.key, b.period FOR UPDATE OF b`,
    [json],
  );
  const limits = await readLimits(q, places);
  return rows.map(({ raised, ...u }) => ({ ...u, limit: limitOf(u.scope, u.key, limits, raised) }));
}

/** Promises so much more in each of these places. */
export const promise = (q: Queryable, places: readonly BudgetPlace[], eur: number) =>
  q.query(
    `UPDATE budget_use b SET reserved_eur = b.reserved_eur + $2 FROM (SELECT b.scope, b.key, b.period FROM ${joined}) l
    WHERE b.scope = l.scope AND b.key = l.key AND b.period = l.period`,
    [toJson(places), eur],
  );
