import { AlaiError } from '#server/domain/errors.ts';
import { type Db, transaction } from '#server/platform/db.ts';
import { requireQuestion } from './escalation.ts';
import { type Actor, appendEvents } from './event.ts';

/**
 * Gives an open question to one person, or to nobody again. It is shown and told as theirs; whoever may decide still may,
 * because a question must not wait for somebody who is away.
 */
export async function assignQuestion(db: Db, id: number, to: string | null, actor: Actor): Promise<void> {
  await transaction(db, async (q) => {
    const person = await q.query<{ name: string }>(
      `SELECT name FROM app_user WHERE id = $1 AND disabled_at IS NULL AND role IN ('ceo', 'operator')`,
      [to],
    );
    const name = person.rows[0]?.name ?? null;
    if (to !== null && name === null)
      throw new AlaiError(
        'NOT_FOUND',
        'This person does not exist or may not decide.',
        'Choose somebody from the list.',
      );
    const { rows } = await q.query<{ ver: number; task_id: number | null; pipeline_id: number | null }>(
      `UPDATE escalation SET assigned_to = $2, assigned_by = $3, ver = ver + 1 WHERE id = $1 AND state = 'OPEN' RETURNING ver, task_id, pipeline_id`,
      [id, to, to === null ? null : actor.name],
    );
    const row = rows[0];
    if (!row) await requireQuestion(q, id);
    if (!row)
      throw new AlaiError(
        'ALREADY_DECIDED',
        'This question does not wait any more.',
        'Open it to see what was answered.',
      );
    await appendEvents(q, [
      {
        type: 'escalation.assigned',
        entity: 'escalation',
        id,
        ver: row.ver,
        actor,
        reason: name === null ? 'Given to nobody in particular' : `Given to ${name}`,
        pipelineId: row.pipeline_id,
        taskId: row.task_id,
        data: { to, name },
      },
    ]);
  });
}
