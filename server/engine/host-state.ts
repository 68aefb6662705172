import { AlaiError } from '#server/domain/errors.ts';
import { actLeadsTo, type HostAct, type HostState } from '#server/domain/host.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import { type Publisher, publishDeliveries, relaneTasks } from './outbox.ts';

interface Row {
  state: HostState;
  ver: number;
  declared: boolean;
}
const words: Record<HostState, string> = {
  LIVE: 'resumed',
  PAUSED: 'paused',
  DRAINING: 'draining',
  STOPPED: 'stopped',
};

/** The host's row, kept still: claims of this host wait until the act is committed, so none slips through. */
async function hold(q: Queryable, host: string): Promise<Row> {
  const { rows } = await q.query<Row>(
    'SELECT state, ver, declared FROM host WHERE name = $1 FOR NO KEY UPDATE',
    [host],
  );
  const row = rows[0];
  if (row) return row;
  const known = await q.query<{ name: string }>('SELECT name FROM host ORDER BY name');
  throw new AlaiError(
    'HOST_UNKNOWN',
    `There is no host ${host}.`,
    `Name one of ${known.rows.map((r) => r.name).join(', ') || 'those in companies/_shared/fleet.yaml'}.`,
  );
}

export interface Steer {
  host: string;
  act: HostAct;
  /** The state in which it was seen; another one refuses the act. */
  seen?: HostState | undefined;
  /** What still runs on a draining host is handed back after this. */
  drainMs: number;
}

/**
 * Pauses, drains, stops, resumes or restarts one host. False when it was so already. The worker reads the state with its next
 * heartbeat; a claim reads it at once.
 */
export async function steerHost(
  db: Db,
  publisher: Publisher,
  { host, act, seen, drainMs }: Steer,
  actor: Actor,
  reason: string,
): Promise<boolean> {
  const done = await transaction(db, async (q) => {
    const row = await hold(q, host);
    if (seen !== undefined && seen !== row.state)
      throw new AlaiError(
        'CONFLICT',
        `${host.toUpperCase()} is ${words[row.state]}, not ${words[seen]} any more.`,
        'Look again and decide anew.',
      );
    if (act === 'resume' && !row.declared)
      throw new AlaiError(
        'ILLEGAL_TRANSITION',
        `${host.toUpperCase()} is not in companies/_shared/fleet.yaml any more.`,
        'Write it there again; then it goes on by itself.',
      );
    const to = act === 'restart' ? row.state : actLeadsTo[act];
    if (act !== 'restart' && to === row.state) return null;
    await q.query(
      act === 'restart'
        ? 'UPDATE host SET ver = ver + 1, restart_at = clock_timestamp() WHERE name = $1'
        : `UPDATE host SET ver = ver + 1, state = $2, state_by = $3, state_reason = $4, state_at = clock_timestamp(),
             drain_until = CASE WHEN $2 = 'DRAINING' THEN clock_timestamp() + make_interval(secs => $5 / 1000.0) END WHERE name = $1`,
      act === 'restart' ? [host] : [host, to, actor.name, reason, drainMs],
    );
    await appendEvents(q, [
      {
        type: act === 'restart' ? 'host.restarted' : `host.${words[to]}`,
        entity: 'host',
        id: host,
        ver: row.ver + 1,
        from: row.state,
        to,
        actor,
        reason,
      },
    ]);
    return act === 'resume' ? await deliverAgain(q, host) : [];
  });
  if (done === null) return false;
  // Rows decide: what cannot be published here, the conductor publishes.
  await publishDeliveries(db.pool, publisher, done).catch(() => undefined);
  return true;
}

/** Its messages were refused while it took none. */
async function deliverAgain(q: Queryable, host: string) {
  const { rows } = await q.query<{ id: number }>(
    `SELECT id FROM task WHERE status = 'QUEUED' AND host = $1 ORDER BY queued_at`,
    [host],
  );
  const ids = rows.map((r) => r.id);
  return await relaneTasks(q, ids, ENGINE, `${host.toUpperCase()} takes work again`, host);
}
