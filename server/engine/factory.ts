import type { Db } from '#server/platform/db.ts';
import { transaction } from '#server/platform/db.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import { type Publisher, publishDeliveries, relaneTasks } from './outbox.ts';

export interface KillSwitch {
  engaged: boolean;
  epoch: number;
  by: string;
  reason: string;
  at: Date;
}

/** The kill switch as it stands. Workers read it with every heartbeat, claims read it in their own statement. */
export async function killSwitch(db: Pick<Db, 'pool'>): Promise<KillSwitch> {
  const { rows } = await db.pool.query(
    `SELECT engaged, epoch, set_by "by", reason, set_at "at" FROM kill_switch WHERE scope = 'factory'`,
  );
  return rows[0];
}

async function set(db: Db, engaged: boolean, actor: Actor, reason: string): Promise<boolean> {
  return await transaction(db, async (q) => {
    const { rows } = await q.query<{ epoch: number }>(
      `UPDATE kill_switch SET engaged = $1, epoch = epoch + 1, set_by = $2, reason = $3, set_at = clock_timestamp()
       WHERE scope = 'factory' AND engaged <> $1 RETURNING epoch`,
      [engaged, actor.name, reason],
    );
    const row = rows[0];
    if (!row) return false;
    await appendEvents(q, [
      {
        type: engaged ? 'factory.stopped' : 'factory.resumed',
        entity: 'factory',
        id: 'factory',
        ver: row.epoch,
        actor,
        reason,
      },
    ]);
    return true;
  });
}

/** Stops the factory: no new claim from now on; workers yield what runs at their next heartbeat. False when stopped already. */
export function stopFactory(db: Db, actor: Actor, reason: string): Promise<boolean> {
  return set(db, true, actor, reason);
}

/** Lets the factory go on, and delivers again what was refused meanwhile. */
export async function resumeFactory(db: Db, publisher: Publisher, actor: Actor): Promise<boolean> {
  if (!(await set(db, false, actor, ''))) return false;
  const deliveries = await transaction(db, async (q) => {
    const { rows } = await q.query<{ id: number }>(
      `SELECT id FROM task WHERE status = 'QUEUED' ORDER BY queued_at`,
    );
    return await relaneTasks(
      q,
      rows.map((r) => r.id),
      ENGINE,
      'The factory goes on',
    );
  });
  await publishDeliveries(db.pool, publisher, deliveries).catch(() => {});
  return true;
}
