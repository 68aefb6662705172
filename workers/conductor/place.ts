import { readCatalogue } from '#server/catalogue/data.ts';
import { placeAnew } from '#server/engine/place.ts';
import { accountStates } from '#server/models/account.ts';
import { type Db, transaction } from '#server/platform/db.ts';
import { routeAnew } from '#server/routing/models.ts';
import type { HostState } from '#server/routing/schema.ts';

/** Work that was created while no host had a model gets a route as soon as one has. The sweep queues it. */
export async function placeWaiting(db: Db): Promise<void> {
  const { rows: hosts } = await db.pool.query<HostState>(
    `SELECT name, models, llama, scripted, to_jsonb(h)->'agents' agents FROM host h WHERE last_seen IS NOT NULL`,
  );
  if (hosts.length === 0) return;
  const { tiers, fleet, providers } = readCatalogue();
  const reach = { tiers, fleet, hosts, accounts: accountStates(providers.providers, process.env) };
  await transaction(db, (q) => placeAnew(q, (route) => routeAnew(reach, route)));
}
