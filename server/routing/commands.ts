import { AlaiError } from '#server/domain/errors.ts';
import type { Queryable } from '#server/platform/db.ts';
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
