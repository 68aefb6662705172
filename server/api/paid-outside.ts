import { allowOutside, type OutsideCall, recordOutside } from '#server/budget/outside.ts';
import type { Prices } from '#server/domain/prices.ts';
import type { Provider } from '#server/models/provider.ts';
import type { Db } from '#server/platform/db.ts';

/** A provider whose calls are paid outside of any task: allowed at their dearest before, written down after. */
export function paidOutside(
  provider: Provider,
  by: { db: Db; prices: Prices; host: string; purpose: OutsideCall['purpose'] },
): Provider {
  const { db, prices, host, purpose } = by;
  return {
    ...provider,
    async chat(r) {
      const where = { provider: provider.id, model: r.model, host };
      const tokensIn = Math.ceil(JSON.stringify([r.messages, r.tools]).length / 3);
      await allowOutside(db, prices, where, {
        ...where,
        tokensIn,
        maxTokens: r.maxTokens,
        totalMs: r.totalMs,
      });
      const reply = await provider.chat(r);
      await recordOutside(db, prices, { ...where, ...reply, purpose, ok: true });
      return reply;
    },
  };
}
