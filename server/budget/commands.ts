import { type BudgetScope, budgetName, budgetSchema } from '#server/domain/budget.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { money } from '#server/domain/money.ts';
import { type Actor, appendEvents } from '#server/engine/event.ts';
import { withdrawAsked } from '#server/engine/short-of-money.ts';
import { lookAgain } from '#server/engine/wait.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';

/** Sets what may be spent, from now on; null takes the own budget away, so that the general one counts. */
export async function setBudget(
  db: Db,
  input: { scope: BudgetScope; key: string; limit: number | null },
  actor: Actor,
): Promise<void> {
  const { scope, key } = input;
  if (input.limit !== null) budgetSchema.parse({ scope, key, limit: input.limit });
  if ((scope === 'day' || scope === 'month') && key !== '')
    throw new AlaiError('BAD_INPUT', `The budget of the ${scope} is one for all.`, 'Leave the key out.');
  await transaction(db, async (q) => {
    await requireSubject(q, scope, key);
    const was =
      (
        await q.query<{ eur: number }>(
          'SELECT limit_eur::float8 eur FROM budget WHERE scope = $1 AND key = $2 FOR UPDATE',
          [scope, key],
        )
      ).rows[0]?.eur ?? null;
    if (input.limit === null) await q.query('DELETE FROM budget WHERE scope = $1 AND key = $2', [scope, key]);
    else
      await q.query(
        `INSERT INTO budget(scope, key, limit_eur, set_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (scope, key) DO UPDATE SET limit_eur = excluded.limit_eur, set_by = excluded.set_by, set_at = clock_timestamp()`,
        [scope, key, input.limit, actor.name],
      );
    // Less than before does not stop what is promised already; more lets go on what waited.
    await q.query("UPDATE budget_use SET warned_at = NULL WHERE scope = $1 AND ($2 = '' OR key = $2)", [
      scope,
      key,
    ]);
    await withdrawAsked(q, { scope, key });
    await lookAgain(q, 'budget');
    await appendEvents(q, [
      {
        type: 'budget.set',
        entity: 'budget',
        id: `${scope}:${key}`,
        ver: 1,
        actor,
        reason:
          input.limit === null
            ? `The budget of ${budgetName(scope, key || 'each')} is the general one again`
            : `The budget of ${budgetName(scope, key || 'each')} is ${money(input.limit)}`,
        data: { scope, key, from: was, to: input.limit },
      },
    ]);
  });
}

/** A budget for something that is not there is a typing mistake that would hold nothing. */
async function requireSubject(q: Queryable, scope: BudgetScope, key: string): Promise<void> {
  if (key === '' || scope === 'company') return;
  const table = { task: 'task', pipeline: 'pipeline', project: 'project' }[scope as 'task'];
  const { rowCount } = table
    ? await q.query(`SELECT 1 FROM ${table} WHERE id::text = $1`, [key])
    : { rowCount: 1 };
  if (!rowCount)
    throw new AlaiError('NOT_FOUND', `There is no ${scope} ${key}.`, `Name a ${scope} by its number or id.`);
}
