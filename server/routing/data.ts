import type { Correction } from '#server/domain/views/routing.ts';
import type { TierStartView } from '#server/domain/views/tiers.ts';
import type { Queryable } from '#server/platform/db.ts';

/** Older ones are kept, but what somebody chose that long ago is not offered any more. */
const NEWEST = 500;

/** What people changed, the newest first. */
export async function readCorrections(q: Queryable): Promise<(Correction & { words: string[] })[]> {
  const { rows } = await q.query<{
    id: string;
    task_id: string;
    title: string;
    words: string[];
    from_company: string;
    to_company: string | null;
    from_complexity: number;
    to_complexity: number | null;
    actor: string;
    at: Date;
  }>('SELECT * FROM routing_correction ORDER BY at DESC, id DESC LIMIT $1', [NEWEST]);
  return rows.map((r) => ({
    id: Number(r.id),
    taskId: Number(r.task_id),
    title: r.title,
    words: r.words,
    fromCompany: r.from_company,
    toCompany: r.to_company,
    fromComplexity: r.from_complexity,
    toComplexity: r.to_complexity,
    actor: r.actor,
    at: r.at,
  }));
}

/** Where a person lets kinds of work begin, by kind. */
export async function readTierStarts(q: Queryable): Promise<TierStartView[]> {
  const { rows } = await q.query<TierStartView>(
    'SELECT kind, instead_of "insteadOf", tier, because, set_by "setBy", set_at "setAt" FROM tier_start ORDER BY kind, instead_of',
  );
  return rows;
}
