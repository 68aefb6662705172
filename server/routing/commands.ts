import { AlaiError } from '#server/domain/errors.ts';
import { type Actor, appendEvents } from '#server/engine/event.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { wordsOf } from './similar.ts';

export interface NewCorrection {
  taskId: number;
  title: string;
  fromCompany: string;
  toCompany: string | null;
  fromComplexity: number;
  toComplexity: number | null;
  actor: string;
}

/** Remembers what a person changed about a task's route; a second change of the same task replaces the first. */
export async function rememberCorrection(q: Queryable, c: NewCorrection): Promise<void> {
  await q.query(
    `INSERT INTO routing_correction(task_id, title, words, from_company, to_company, from_complexity, to_complexity, actor)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (task_id) DO UPDATE SET title = excluded.title, words = excluded.words,
       to_company = coalesce(excluded.to_company, routing_correction.to_company),
       to_complexity = coalesce(excluded.to_complexity, routing_correction.to_complexity),
       actor = excluded.actor, at = clock_timestamp()`,
    [
      c.taskId,
      c.title,
      wordsOf(c.title),
      c.fromCompany,
      c.toCompany,
      c.fromComplexity,
      c.toComplexity,
      c.actor,
    ],
  );
}

/** Offers it no more. Throws NOT_FOUND. */
export async function forgetCorrection(q: Queryable, id: number): Promise<void> {
  const { rowCount } = await q.query('DELETE FROM routing_correction WHERE id = $1', [id]);
  if (!rowCount)
    throw new AlaiError(
      'NOT_FOUND',
      `There is no correction ${id}.`,
      'See them with npx alai route corrections.',
    );
}

/**
 * Lets work of a kind that would begin on one tier begin on another, from its next task on; null lets the files say it again.
 * What is routed already stays as it is.
 */
export async function setTierStart(
  db: Db,
  input: { kind: string; insteadOf: number; tier: number | null; because: string },
  actor: Actor,
): Promise<void> {
  const { kind, insteadOf, tier, because } = input;
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ tier: number }>(
      'SELECT tier FROM tier_start WHERE kind = $1 AND instead_of = $2 FOR UPDATE',
      [kind, insteadOf],
    );
    const was = rows[0]?.tier ?? null;
    if (was === tier) return;
    if (tier === null)
      await q.query('DELETE FROM tier_start WHERE kind = $1 AND instead_of = $2', [kind, insteadOf]);
    else
      await q.query(
        `INSERT INTO tier_start(kind, instead_of, tier, because, set_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (kind, instead_of) DO UPDATE SET tier = excluded.tier, because = excluded.because, set_by = excluded.set_by,
           set_at = clock_timestamp()`,
        [kind, insteadOf, tier, because, actor.name],
      );
    const reason = tier === null ? `${kind} begins on tier ${insteadOf} again` : because;
    const data = { kind, insteadOf, from: was, to: tier };
    await appendEvents(q, [{ type: 'tier.start', entity: 'tier', id: kind, ver: 1, actor, reason, data }]);
  });
}
