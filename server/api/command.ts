import { type Delivery, publishDeliveries } from '#server/engine/outbox.ts';
import { type Queryable, transaction } from '#server/platform/db.ts';
import type { Services } from './services.ts';

/** One engine command in one transaction; what it queued is published after the commit. */
export async function command(
  s: Services,
  run: (q: Queryable) => Promise<Delivery[]>,
): Promise<{ ok: true }> {
  const deliveries = await transaction(s.db, run);
  // Rows decide: what cannot be published here, the conductor publishes.
  await publishDeliveries(s.db.pool, s.queue, deliveries).catch(() => undefined);
  return { ok: true };
}
