import { AlaiError } from '#server/domain/errors.ts';
import { type ModelAct, sameModel } from '#server/domain/host.ts';
import { type Actor, appendEvents } from '#server/engine/event.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';

export interface AskModel {
  host: string;
  act: ModelAct;
  model: string;
  /** Who needs the model, in words; a removal has to be said twice then. */
  neededBy: string[];
  force: boolean;
}
interface HostRow {
  name: string;
  label: string;
  memory_gb: number | null;
  models: string[];
  planned: { name: string; gb: number }[];
}

/**
 * Asks a host's worker to bring a model or to take it away. The same wish twice is one job. Refuses what cannot fit the memory,
 * and a removal of what is used now, or (without `force`) of what somebody needs.
 */
export async function askModel(db: Db, ask: AskModel, actor: Actor): Promise<number> {
  return await transaction(db, async (q) => {
    const host = await hostOf(q, ask.host);
    const name = host.label || host.name.toUpperCase();
    if (ask.act === 'pull') refuseTooLarge(host, name, ask.model);
    else await refuseRemoval(q, host, name, ask);
    const live = await q.query<{ id: number; act: ModelAct }>(
      `SELECT id, act FROM model_job WHERE host = $1 AND model = $2 AND state IN ('QUEUED', 'RUNNING')`,
      [host.name, ask.model],
    );
    const same = live.rows[0];
    if (same?.act === ask.act) return same.id;
    if (same)
      throw new AlaiError(
        'CONFLICT',
        `${name} is at work with ${ask.model}: ${same.act === 'pull' ? 'it is being pulled' : 'it is being removed'}.`,
        'Wait for it, or cancel it first.',
      );
    const { rows } = await q.query<{ id: number }>(
      'INSERT INTO model_job(host, act, model, asked_by) VALUES ($1, $2, $3, $4) RETURNING id',
      [host.name, ask.act, ask.model, actor.name],
    );
    await tell(q, host.name, `host.model-${ask.act}`, actor, { model: ask.model });
    return (rows[0] as { id: number }).id;
  });
}

/** The host, kept still: two wishes for one model cannot pass each other. */
async function hostOf(q: Queryable, name: string): Promise<HostRow> {
  const { rows } = await q.query<HostRow>(
    'SELECT name, label, memory_gb, models, planned FROM host WHERE name = $1 AND declared FOR NO KEY UPDATE',
    [name],
  );
  if (rows[0]) return rows[0];
  const known = await q.query<{ name: string }>('SELECT name FROM host WHERE declared ORDER BY name');
  throw new AlaiError(
    'HOST_UNKNOWN',
    `There is no host ${name}.`,
    `Name one of ${known.rows.map((r) => r.name).join(', ')}.`,
  );
}

function refuseTooLarge(host: HostRow, name: string, model: string): void {
  const planned = host.planned.find((m) => sameModel(m.name, model));
  if (!planned || host.memory_gb === null || planned.gb <= host.memory_gb) return;
  throw new AlaiError(
    'BAD_INPUT',
    `${model} takes ${planned.gb} GB, and ${name} has ${host.memory_gb} GB of memory.`,
    'Choose a smaller model or another host.',
  );
}

async function usersOf(q: Queryable, host: string, model: string): Promise<number[]> {
  const { rows } = await q.query<{ task_id: number; model: string }>(
    `SELECT task_id, model FROM attempt WHERE host = $1 AND state IN ('LEASED', 'RUNNING') ORDER BY task_id`,
    [host],
  );
  return rows.filter((r) => sameModel(r.model, model)).map((r) => r.task_id);
}

async function refuseRemoval(q: Queryable, host: HostRow, name: string, ask: AskModel): Promise<void> {
  if (!host.models.some((m) => sameModel(m, ask.model)))
    throw new AlaiError(
      'NOT_FOUND',
      `${name} has no model ${ask.model}.`,
      host.models.length > 0 ? `It has ${host.models.join(', ')}.` : 'It has none.',
    );
  const users = await usersOf(q, host.name, ask.model);
  if (users.length > 0)
    throw new AlaiError(
      'CONFLICT',
      `${ask.model} is at work on ${name}: ${users.map((id) => `#${id}`).join(', ')}.`,
      'Wait until it is done, or drain the host first.',
    );
  if (ask.neededBy.length > 0 && !ask.force)
    throw new AlaiError(
      'CONFLICT',
      `${ask.model} on ${name} is needed by ${ask.neededBy.join(' and ')}.`,
      'Say --force to remove it all the same; work is then given to another model or host.',
    );
}

async function tell(
  q: Queryable,
  host: string,
  type: string,
  actor: Actor,
  data: Record<string, unknown>,
  reason = '',
): Promise<void> {
  await appendEvents(q, [{ type, entity: 'host', id: host, ver: 0, actor, reason, data }]);
}

/** Takes the wish back: at once when nobody began, else its worker ends it with the next step. */
export async function cancelModelJob(db: Db, id: number, actor: Actor): Promise<boolean> {
  return await transaction(db, async (q) => {
    const { rows } = await q.query<{ host: string; model: string }>(
      `UPDATE model_job SET cancelled_by = $2, updated_at = clock_timestamp(),
         state = CASE WHEN state = 'QUEUED' THEN 'CANCELLED' ELSE state END,
         ended_at = CASE WHEN state = 'QUEUED' THEN clock_timestamp() END
       WHERE id = $1 AND state IN ('QUEUED', 'RUNNING') AND cancelled_by IS NULL RETURNING host, model`,
      [id, actor.name],
    );
    const job = rows[0];
    if (job) await tell(q, job.host, 'host.model-cancelled', actor, { model: job.model });
    return job !== undefined;
  });
}

export interface ModelJob {
  id: number;
  act: ModelAct;
  model: string;
  memoryGb: number | null;
}

/** The worker begins with the oldest wish of its host; null when there is none. */
export async function takeModelJob(
  db: Db,
  worker: { id: string; host: string },
  act: ModelAct,
): Promise<ModelJob | null> {
  const { rows } = await db.pool.query<ModelJob>(
    `UPDATE model_job j SET state = 'RUNNING', worker_id = $2, started_at = coalesce(j.started_at, clock_timestamp()),
       updated_at = clock_timestamp()
     FROM host h WHERE h.name = j.host AND j.state = 'QUEUED' AND j.id = (SELECT id FROM model_job
       WHERE host = $1 AND act = $3 AND state = 'QUEUED' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING j.id, j.act, j.model, h.memory_gb AS "memoryGb"`,
    [worker.host, worker.id, act],
  );
  return rows[0] ?? null;
}

/** How far it is. False when it was cancelled, or is not this worker's any more: it must end. */
export async function noteModelJob(
  db: Db,
  worker: { id: string },
  id: number,
  p: { status: string; completed: number; total: number; bytesPerSecond: number },
): Promise<boolean> {
  const { rows } = await db.pool.query<{ cancelled_by: string | null }>(
    `UPDATE model_job SET status = $3, completed = $4, total = $5, bytes_per_second = $6, updated_at = clock_timestamp()
     WHERE id = $1 AND worker_id = $2 AND state = 'RUNNING' RETURNING cancelled_by`,
    [id, worker.id, p.status.slice(0, 200), p.completed, p.total, p.bytesPerSecond],
  );
  return rows[0] !== undefined && rows[0].cancelled_by === null;
}

/** It is over: done, failed with the reason, cancelled because somebody asked, or given back for the next worker. */
export async function endModelJob(
  db: Db,
  worker: { id: string; host: string },
  id: number,
  how: { to: 'DONE' | 'CANCELLED' | 'QUEUED' } | { to: 'FAILED'; error: string },
): Promise<void> {
  const error = how.to === 'FAILED' ? how.error.slice(0, 2_000) : null;
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ model: string; act: ModelAct }>(
      `UPDATE model_job SET state = $3, error = $4, updated_at = clock_timestamp(), bytes_per_second = 0,
         ended_at = CASE WHEN $3 <> 'QUEUED' THEN clock_timestamp() END
       WHERE id = $1 AND worker_id = $2 AND state = 'RUNNING' RETURNING model, act`,
      [id, worker.id, how.to, error],
    );
    const job = rows[0];
    if (job && how.to !== 'QUEUED')
      await tell(
        q,
        worker.host,
        `host.model-${how.to.toLowerCase()}`,
        { kind: 'worker', name: worker.host },
        job as never,
        error ?? '',
      );
  });
}

/** A worker that was killed left its jobs running; the next one begins them again. A server keeps what was pulled so far. */
export async function recoverModelJobs(db: Db, worker: { id: string; host: string }): Promise<number> {
  const { rowCount } = await db.pool.query(
    `UPDATE model_job SET state = CASE WHEN cancelled_by IS NULL THEN 'QUEUED' ELSE 'CANCELLED' END,
       ended_at = CASE WHEN cancelled_by IS NOT NULL THEN clock_timestamp() END, bytes_per_second = 0, updated_at = clock_timestamp()
     WHERE host = $1 AND state = 'RUNNING' AND worker_id <> $2`,
    [worker.host, worker.id],
  );
  return rowCount ?? 0;
}

/** Whether it may be removed now: work that began after it was asked for keeps its model. Throws CONFLICT. */
export async function requireUnused(db: Db, host: string, model: string): Promise<void> {
  const users = await usersOf(db.pool, host, model);
  if (users.length > 0)
    throw new AlaiError(
      'CONFLICT',
      `It is at work: ${users.map((id) => `#${id}`).join(', ')} began with it meanwhile.`,
      'Remove it when that is done.',
    );
}
