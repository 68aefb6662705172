import { readCatalogue } from '#server/catalogue/data.ts';
import { placeAnew } from '#server/engine/place.ts';
import { type Db, transaction } from '#server/platform/db.ts';
import { routeAnew } from '#server/routing/models.ts';

/** Work that was created while no host had a model gets a route as soon as one has. The sweep queues it. */
export async function placeWaiting(db: Db): Promise<void> {
  const { rows: hosts } = await db.pool.query<{ name: string; models: string[] }>(
    'SELECT name, models FROM host WHERE last_seen IS NOT NULL',
  );
  if (!hosts.some((h) => h.models.length > 0)) return;
  const { tiers, fleet } = readCatalogue();
  await transaction(db, (q) => placeAnew(q, (route) => routeAnew(tiers, fleet, hosts, route)));
}
