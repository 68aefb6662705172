import { readHosts } from '#server/fleet/data.ts';
import { accountStates } from '#server/models/account.ts';
import { whyUnserved } from '#server/routing/models.ts';
import { hostStates } from './compose.ts';
import type { Services } from './services.ts';

/** By tier, why no host can serve it now; tiers that one can are not in it. Hosts that nothing is heard of serve nothing. */
export async function unservedTiers(s: Services): Promise<Map<number, string>> {
  const { tiers, fleet, providers } = s.catalogue();
  const [hosts, seen] = await Promise.all([hostStates(s.db.pool), readHosts(s.db, s.timing)]);
  const heard = new Set(seen.filter((h) => h.state !== 'silent' && h.state !== 'absent').map((h) => h.name));
  const reach = {
    tiers,
    fleet: { ...fleet, hosts: fleet.hosts.filter((h) => heard.has(h.name)) },
    hosts,
    accounts: accountStates(providers.providers, process.env),
  };
  const rows = tiers.presets[tiers.default]?.tiers ?? [];
  return new Map(
    rows.flatMap((t): [number, string][] => {
      const why = t.provider === 'human' ? null : whyUnserved(reach, t.tier);
      return why ? [[t.tier, why]] : [];
    }),
  );
}
