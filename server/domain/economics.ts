import { money } from './money.ts';

/** What the tiers are worth for each kind of work, and where it should better begin. Pure. */

/** Attempts of one kind of work on one tier. */
export interface TierRecord {
  /** Stage and type, as the router names them: "BUILD feature". */
  kind: string;
  tier: number;
  attempts: number;
  succeeded: number;
  /** Mean euro and milliseconds of an attempt that ended, however it ended. */
  eur: number;
  ms: number;
  /** Why attempts failed here, most frequent first. */
  failures: { code: string; n: number }[];
}

export interface Suggestion {
  kind: string;
  from: number;
  to: number;
  /** Why, with the figures. */
  because: string;
  /** How many attempts it stands on. */
  attempts: number;
}

/** Fewer attempts than this say nothing. */
const ENOUGH = 8;
/** A tier that succeeds less often than this is tried in vain more often than it pays. */
const POOR = 0.5;
/** One that succeeds so often may take work from the tier above it. */
const GOOD = 0.85;

const rate = (r: TierRecord): number => r.succeeded / Math.max(1, r.attempts);
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const minutes = (ms: number): string =>
  ms < 90_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;

/** What reaching success costs when one begins here and goes up a tier after a failure. */
function expected(rows: readonly TierRecord[], at: number): { eur: number; ms: number } {
  let missed = 1;
  let eur = 0;
  let ms = 0;
  for (const r of rows.slice(at)) {
    eur += missed * r.eur;
    ms += missed * r.ms;
    missed *= 1 - rate(r);
  }
  return { eur, ms };
}

/**
 * A better tier to begin with, where the figures say so: up, where most attempts fail and beginning higher costs no more until the
 * work is done, or little more and much less time; down, where a lower tier does the same work nearly as well for less. None without enough attempts on both tiers.
 */
export function suggestTiers(records: readonly TierRecord[]): Suggestion[] {
  const kinds = Map.groupBy(records, (r) => r.kind);
  return [...kinds].flatMap(([kind, all]) => {
    const rows = all.filter((r) => r.attempts >= ENOUGH).sort((a, b) => a.tier - b.tier);
    // Where such work begins now is where most of it was tried.
    const now = rows.reduce((best, r, i) => (r.attempts > (rows[best]?.attempts ?? 0) ? i : best), 0);
    const here = rows[now];
    if (!here) return [];
    const attempts = rows.reduce((n, r) => n + r.attempts, 0);
    const above = rows[now + 1];
    if (above && rate(here) < POOR && rate(above) > rate(here)) {
      const [stay, go] = [expected(rows, now), expected(rows, now + 1)];
      if (go.eur <= stay.eur * (go.ms * 1.5 < stay.ms ? 1.3 : 1.05))
        return [
          {
            kind,
            from: here.tier,
            to: above.tier,
            attempts,
            because: `Tier ${here.tier} succeeds in ${percent(rate(here))} of ${here.attempts} attempts, tier ${above.tier} in ${percent(rate(above))} of ${above.attempts}. Until it is done it costs ${money(stay.eur)} and ${minutes(stay.ms)} from tier ${here.tier}, ${money(go.eur)} and ${minutes(go.ms)} from tier ${above.tier}.`,
          },
        ];
    }
    const below = rows[now - 1];
    if (below && rate(below) >= GOOD && rate(below) >= rate(here) - 0.05 && below.eur < here.eur * 0.8)
      return [
        {
          kind,
          from: here.tier,
          to: below.tier,
          attempts,
          because: `Tier ${below.tier} succeeds in ${percent(rate(below))} of ${below.attempts} attempts at ${money(below.eur)} each, tier ${here.tier} in ${percent(rate(here))} of ${here.attempts} at ${money(here.eur)}.`,
        },
      ];
    return [];
  });
}
