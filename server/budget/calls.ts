import { type BudgetUse, isNarrow, WARN_AT } from '#server/domain/budget.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { money } from '#server/domain/money.ts';
import { costOf, type Prices, type Where, worstCase } from '#server/domain/prices.ts';
import type { CallRecord, PlannedCall } from '#server/domain/records.ts';
import { appendEvents, ENGINE } from '#server/engine/event.ts';
import { recordCall } from '#server/engine/evidence.ts';
import { knownAs } from '#server/engine/short-of-money.ts';
import { type Db, type Queryable, toJson, transaction } from '#server/platform/db.ts';
import { joined, lockUses, promise } from './ledger.ts';
import { mayReserve } from './policy.ts';
import { noTicket, ticketOf } from './tickets.ts';

/**
 * Before a call: makes sure that the most it can cost is promised to the attempt. Throws BUDGET_EXCEEDED, with the budget that does
 * not allow it, before anything is spent. Many workers at once never promise more than there is.
 */
export async function reserveCall(
  db: Db,
  prices: Prices,
  attemptId: number,
  call: PlannedCall,
): Promise<void> {
  const ticket = await ticketOf(db.pool, attemptId, false);
  if (!ticket) throw noTicket(attemptId);
  const where = { ...call, host: ticket.host };
  // Time is paid for once: what is planned holds all of it.
  const before = call.used ? costOf(prices, where, { ...call.used, ms: 0 }).eur : 0;
  const most = before + worstCase(prices, where, call);
  if (most <= ticket.reserved) return;
  await transaction(db, async (q) => {
    const uses = await lockUses(q, ticket.uses);
    const now = await ticketOf(q, attemptId, true);
    if (!now) throw noTicket(attemptId);
    const more = most - now.reserved;
    if (more <= 0) return;
    // What this attempt holds already does not come back by waiting: all of the call is asked for.
    const others = uses.map((u) => ({ ...u, reserved: Math.max(0, u.reserved - now.reserved) }));
    const verdict = mayReserve(others, most);
    if (!verdict.allowed)
      throw new AlaiError('BUDGET_EXCEEDED', verdict.because, 'Raise the budget, or let the task end here.', {
        use: verdict.use,
        needs: most,
        ask: verdict.ask,
        narrow: isNarrow(verdict.use.scope),
      });
    await promise(q, ticket.uses, more);
    await q.query('UPDATE ticket SET reserved_eur = reserved_eur + $3 WHERE task_id = $1 AND dispatch = $2', [
      ticket.task_id,
      ticket.dispatch,
      more,
    ]);
  });
}

/** What of a call its price follows from. */
export type PricedCall = Pick<
  CallRecord,
  | 'provider'
  | 'model'
  | 'tokensIn'
  | 'tokensOut'
  | 'tokensCacheRead'
  | 'tokensCacheWrite'
  | 'tokensThinking'
  | 'ms'
  | 'scripted'
>;

/** What a call cost. Scripted answers cost nothing, unless prices.yaml counts them. */
export function priceOf(prices: Prices, host: string, c: PricedCall): { eur: number; gpuMs: number } {
  const where: Where = { provider: c.provider, model: c.model, host };
  const { eur, gpuMs } = costOf(prices, where, c);
  return c.scripted && !prices.count_scripted ? { eur: 0, gpuMs: 0 } : { eur, gpuMs };
}

/** One call that ended: stored with what it cost, taken from what was promised, and counted in every budget, all or nothing. */
export async function spend(
  db: Db,
  prices: Prices,
  held: { attemptId: number; fence: number },
  call: CallRecord,
): Promise<void> {
  const ticket = await ticketOf(db.pool, held.attemptId, false);
  const c = !call.ok && ticket?.rehearsed ? { ...call, scripted: true } : call;
  const cost = priceOf(prices, ticket?.host ?? '', c);
  if (!ticket || cost.eur === 0) return await recordCall(db.pool, held, c, cost);
  await transaction(db, async (q) => {
    const uses = await lockUses(q, ticket.uses);
    const now = await ticketOf(q, held.attemptId, true);
    await recordCall(q, held, c, cost);
    const freed = Math.min(now?.reserved ?? 0, cost.eur);
    await q.query(
      `UPDATE budget_use b SET spent_eur = b.spent_eur + $2, reserved_eur = greatest(0, b.reserved_eur - $3)
       FROM (SELECT b.scope, b.key, b.period FROM ${joined}) l WHERE b.scope = l.scope AND b.key = l.key AND b.period = l.period`,
      [toJson(ticket.uses), cost.eur, freed],
    );
    if (now)
      await q.query(
        'UPDATE ticket SET reserved_eur = greatest(0, reserved_eur - $3) WHERE task_id = $1 AND dispatch = $2',
        [ticket.task_id, ticket.dispatch, cost.eur],
      );
    await warn(
      q,
      ticket.task_id,
      uses.filter((u) => u.spent + cost.eur >= u.limit * WARN_AT),
    );
  });
}

/** Once for each budget and period: most of it is gone. */
async function warn(q: Queryable, taskId: number, uses: BudgetUse[]): Promise<void> {
  for (const u of uses) {
    const { rowCount } = await q.query(
      `UPDATE budget_use SET warned_at = clock_timestamp() WHERE scope = $1 AND key = $2 AND period = $3 AND warned_at IS NULL`,
      [u.scope, u.key, u.period],
    );
    if (!rowCount) continue;
    await appendEvents(q, [
      {
        type: 'budget.warned',
        entity: 'budget',
        id: `${u.scope}:${u.key}`,
        ver: 1,
        actor: ENGINE,
        reason: `More than ${WARN_AT * 100} % of the ${money(u.limit)} of ${await knownAs(q, u)} is spent.`,
        taskId: isNarrow(u.scope) ? taskId : null,
        data: { scope: u.scope, key: u.key, period: u.period, limit: u.limit },
      },
    ]);
  }
}
