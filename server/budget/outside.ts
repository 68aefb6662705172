import { AlaiError } from '#server/domain/errors.ts';
import { type Prices, type Where, worstCase } from '#server/domain/prices.ts';
import type { PlannedCall } from '#server/domain/records.ts';
import { type Db, type Queryable, toJson, transaction } from '#server/platform/db.ts';
import { type PricedCall, priceOf } from './calls.ts';
import { joined, lockUses } from './ledger.ts';
import { type BudgetPlace, mayReserve, placesOf } from './policy.ts';

/** One question outside of any task is paid from the day and the month of all. */
async function generalPlaces(q: Queryable): Promise<BudgetPlace[]> {
  const { rows } = await q.query<{ today: string }>('SELECT clock_timestamp()::date::text today');
  const payer = { taskId: 0, pipelineId: 0, company: null, project: null };
  return placesOf(payer, rows[0]?.today ?? '').filter((p) => p.scope === 'day' || p.scope === 'month');
}

/**
 * Before a question outside of any task: throws BUDGET_EXCEEDED when the day or the month does not allow the most it can cost, and
 * PRICE_MISSING when nobody knows. Nothing is promised: a few small questions at once are all there can be.
 */
export async function allowOutside(db: Db, prices: Prices, where: Where, call: PlannedCall): Promise<void> {
  const most = worstCase(prices, where, call);
  const verdict = await transaction(db, async (q) =>
    mayReserve(await lockUses(q, await generalPlaces(q)), most),
  );
  if (!verdict.allowed)
    throw new AlaiError('BUDGET_EXCEEDED', verdict.because, 'Raise it on the page Spend, then ask again.');
}

export interface OutsideCall extends PricedCall {
  purpose: 'trial' | 'classifier';
  host: string;
  ok: boolean;
  /** Counted by its text: it broke off before it said what it used. */
  estimated?: boolean;
}

/** Writes such a call down with its cost, counted where it is paid from. Answers the cost in euro. */
export async function recordOutside(db: Db, prices: Prices, c: OutsideCall): Promise<number> {
  const { eur, gpuMs } = priceOf(prices, c.host, c);
  await transaction(db, async (q) => {
    await q.query(
      `INSERT INTO outside_call(purpose, host, provider, model, tokens_in, tokens_out, tokens_cache_read, tokens_cache_write, tokens_thinking,
         ms, gpu_ms, ok, scripted, cost_eur, estimated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [
        c.purpose,
        c.host,
        c.provider,
        c.model,
        c.tokensIn,
        c.tokensOut,
        c.tokensCacheRead,
        c.tokensCacheWrite,
        c.tokensThinking,
        Math.round(c.ms),
        gpuMs,
        c.ok,
        c.scripted,
        eur,
        c.estimated ?? false,
      ],
    );
    if (eur <= 0) return;
    const places = await generalPlaces(q);
    await lockUses(q, places);
    await q.query(
      `UPDATE budget_use b SET spent_eur = b.spent_eur + $2
       FROM (SELECT b.scope, b.key, b.period FROM ${joined}) l WHERE b.scope = l.scope AND b.key = l.key AND b.period = l.period`,
      [toJson(places), eur],
    );
  });
  return eur;
}
