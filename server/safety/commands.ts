import { type Capability, capabilities } from '#server/domain/capabilities.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { CapabilityMode, Rail } from '#server/domain/safety.ts';
import { type Actor, appendEvents } from '#server/engine/event.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';

async function say(
  q: Queryable,
  type: string,
  subject: { id: string | number; ver: number },
  actor: Actor,
  more: { reason?: string; projectId?: string | null; data?: Record<string, unknown> },
): Promise<void> {
  await appendEvents(q, [{ type, entity: 'rule', ...subject, actor, ...more }]);
}

const taken = (name: string) =>
  new AlaiError(
    'CONFLICT',
    `There is a rail called "${name}" already.`,
    'Change that one, or choose another name.',
  );

const unique = (e: unknown): boolean => (e as { code?: string }).code === '23505';

/** Makes a rail, or changes the one of this id from the version that was read. Throws CONFLICT, NOT_FOUND. */
export async function saveRail(
  db: Db,
  rail: Rail,
  change: { id: number; version: number } | null,
  actor: Actor,
): Promise<{ id: number }> {
  const values = [rail.name, rail.reason, rail.words, rail.unless, rail.labels, rail.paths, rail.projectId];
  return await transaction(db, async (q) => {
    const { rows } = change
      ? await q.query<{ id: number; ver: number }>(
          `UPDATE safety_rail SET name = $1, reason = $2, words = $3, unless = $4, labels = $5, paths = $6, project_id = $7,
             ver = ver + 1, changed_by = $8, changed_at = clock_timestamp()
           WHERE id = $9 AND ver = $10 AND removed_at IS NULL RETURNING id, ver`,
          [...values, actor.name, change.id, change.version],
        )
      : await q.query<{ id: number; ver: number }>(
          `INSERT INTO safety_rail(name, reason, words, unless, labels, paths, project_id, changed_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id, ver`,
          [...values, actor.name],
        );
    const row = rows[0];
    if (!row)
      throw new AlaiError(
        'CONFLICT',
        'This rail was changed or removed since you opened it.',
        'Reload the page and look at it again.',
      );
    await say(q, change ? 'rail.change' : 'rail.create', row, actor, {
      projectId: rail.projectId,
      data: { ...rail },
    });
    return { id: row.id };
  }).catch((e) => {
    if (unique(e)) throw taken(rail.name);
    throw e;
  });
}

/** Takes a rail away; what it held stays held until somebody answers. */
export async function removeRail(db: Db, id: number, reason: string, actor: Actor): Promise<void> {
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ id: number; ver: number; name: string }>(
      `UPDATE safety_rail SET removed_at = clock_timestamp(), ver = ver + 1 WHERE id = $1 AND removed_at IS NULL
       RETURNING id, ver, name`,
      [id],
    );
    const row = rows[0];
    if (!row)
      throw new AlaiError('NOT_FOUND', 'This rail does not exist.', 'Reload the page: it may be gone since.');
    await say(q, 'rail.remove', row, actor, { reason, data: { name: row.name } });
  });
}

/** Lets a pattern of safety.yaml count again, or not, in one project ('' for all). */
export async function setPattern(
  db: Db,
  input: { pattern: string; projectId: string; on: boolean; reason: string },
  actor: Actor,
): Promise<void> {
  const { pattern, projectId, on, reason } = input;
  await transaction(db, async (q) => {
    if (on)
      await q.query('DELETE FROM safety_exception WHERE pattern = $1 AND project_id = $2', [
        pattern,
        projectId,
      ]);
    else
      await q.query(
        'INSERT INTO safety_exception(pattern, project_id, set_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        [pattern, projectId, actor.name],
      );
    await say(q, on ? 'pattern.on' : 'pattern.off', { id: pattern, ver: 1 }, actor, {
      ...{ reason, projectId: projectId || null, data: { pattern, projectId } },
    });
  });
}

/** Says what happens when an agent wants to do this, in one project ('' for all); `null` goes back to what counts for all. */
export async function setCapability(
  db: Db,
  input: { capability: Capability; projectId: string; mode: CapabilityMode | null },
  actor: Actor,
): Promise<void> {
  const { capability, projectId, mode } = input;
  await transaction(db, async (q) => {
    if (mode === null)
      await q.query('DELETE FROM capability_rule WHERE capability = $1 AND project_id = $2', [
        capability,
        projectId,
      ]);
    else
      await q.query(
        `INSERT INTO capability_rule(capability, project_id, mode, set_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (capability, project_id) DO UPDATE SET mode = excluded.mode, set_by = excluded.set_by,
           set_at = clock_timestamp()`,
        [capability, projectId, mode, actor.name],
      );
    await say(q, 'capability.set', { id: capability, ver: 1 }, actor, {
      ...{
        projectId: projectId || null,
        data: { capability, what: capabilities[capability], projectId, mode },
      },
    });
  });
}
