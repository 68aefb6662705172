import { modelKey } from '#server/domain/host.ts';
import {
  type Candidate,
  cannotRun,
  chooseNext,
  type HostNow,
  loadMs,
  type Tuning,
} from '#server/domain/schedule.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import { transaction } from '#server/platform/db.ts';
import { ENGINE } from './event.ts';
import { relaneTasks } from './outbox.ts';

export interface Picked {
  taskId: number;
  dispatch: number;
  /** How long its model has to be loaded first, in milliseconds. */
  loadMs: number;
}

interface HostRow {
  name: string;
  slots: number;
  memory_gb: number | null;
  live: boolean;
  planned: { name: string; gb: number; parallel: number }[];
  lanes: Record<string, number>;
  installed: { name: string; bytes: number }[];
  loaded: { model: string }[];
  running: string[];
  disk_free: number | null;
}

/**
 * Of so much alike (same priority, tier, lane and model here) the longest waiting are looked at. Alike is chosen in this order anyway, and
 * however much of it there is, it hides nothing that is more urgent or that has room.
 */
const LOOKED_AT = 25;

function stateOf(r: HostRow): HostNow {
  const planned = r.planned.map((m) => ({ ...m, name: modelKey(m.name) }));
  return {
    name: r.name,
    slots: r.slots,
    memoryGb: r.memory_gb,
    models: [
      ...planned,
      // What somebody pulled without planning it takes memory all the same.
      ...r.installed
        .map((m) => ({ name: modelKey(m.name), gb: Math.ceil(m.bytes / 1e9), parallel: r.slots }))
        .filter((m) => !planned.some((p) => p.name === m.name)),
    ],
    lanes: Object.fromEntries(Object.entries(r.lanes).map(([model, n]) => [modelKey(model), n])),
    loaded: r.loaded.map((l) => modelKey(l.model)),
    running: r.running.map(modelKey),
    diskFree: r.disk_free,
  };
}

/** The hosts as scheduling sees them, and whether each may be given work. */
export async function readHostsNow(
  q: Queryable,
  seenMs: number,
): Promise<{ state: HostNow; live: boolean }[]> {
  const { rows } = await q.query<HostRow>(
    `SELECT h.name, h.slots, h.memory_gb, h.planned, h.lanes, h.installed, h.loaded, h.disk_free,
       (h.state = 'LIVE' AND h.last_seen > clock_timestamp() - make_interval(secs => $1 / 1000.0)
         AND NOT (SELECT engaged FROM kill_switch WHERE scope = 'factory')) live,
       ARRAY(SELECT a.model FROM attempt a WHERE a.host = h.name AND a.state IN ('LEASED', 'RUNNING')) running
     FROM host h`,
    [seenMs],
  );
  return rows.map((r) => ({ state: stateOf(r), live: r.live }));
}

interface TaskRow {
  id: number;
  dispatch: number;
  priority: string;
  lane: string;
  stand_by: string | null;
  waited_ms: number;
  model: string;
  others: { host: string; model: string }[];
}

/**
 * Since when a task counts as waiting. What follows the first stage of a deliverable is as old as its first attempt: what was begun is
 * finished before more is begun, or everything would be half done.
 */
const since = `least(coalesce(t.waiting_since, t.queued_at), CASE WHEN t.id <> root.id THEN root.started_at END)`;

/**
 * The task that a free slot of this host should take, which may be one that stands in another host's lane; that one is moved here
 * first. Null when nothing waits that this host should run now. Messages of the queue only say that it is time to look: what they
 * name may be done by then, and what waits is here.
 */
export async function pickFor(
  db: Db,
  host: string,
  o: { seenMs: number; tuning: Tuning },
): Promise<Picked | null> {
  const hosts = await readHostsNow(db.pool, o.seenMs);
  const here = hosts.find((h) => h.state.name === host);
  if (!here?.live || here.state.running.length >= here.state.slots) return null;
  const { rows } = await db.pool.query<TaskRow>(
    `SELECT w.id, w.dispatch, w.priority, w.lane, w.stand_by, w.model, w.waited_ms,
       coalesce((SELECT jsonb_agg(jsonb_build_object('host', o->>'host', 'model', o->>'model'))
         FROM jsonb_array_elements(w.choices) o WHERE (o->>'tier')::int = w.tier AND o->>'host' <> $1
           AND alai_available(o)), '[]') others
     FROM (SELECT t.id, t.dispatch, t.priority, t.tier, t.host lane, h.stand_by, c.v->>'model' model, t.route->'choices' choices,
         (extract(epoch FROM clock_timestamp() - ${since}) * 1000)::float8 waited_ms,
         row_number() OVER (PARTITION BY t.priority, t.tier, c.v->>'model', t.host ORDER BY ${since}, t.id) place
       FROM task t JOIN LATERAL (SELECT v FROM jsonb_array_elements(t.route->'choices') v
           WHERE v->>'host' = $1 AND (v->>'tier')::int = t.tier LIMIT 1) c ON true
         LEFT JOIN host h ON h.name = t.host LEFT JOIN chain k ON k.id = t.chain_id LEFT JOIN task root ON root.id = k.root_task_id
       WHERE t.status = 'QUEUED' AND (t.wait_until IS NULL OR t.wait_until < clock_timestamp())
         -- From another lane only what can be asked here; what stands in this one is told why it waits.
         AND (t.host = $1 OR alai_available(c.v))
         -- Somebody is about to claim it; a ticket of one who died on the way goes back by itself.
         AND NOT EXISTS (SELECT 1 FROM ticket w WHERE w.task_id = t.id AND w.dispatch = t.dispatch AND w.closed_at IS NULL)) w
     WHERE w.place <= ${LOOKED_AT} ORDER BY w.waited_ms DESC, w.id`,
    [host],
  );
  const able = new Map(hosts.filter((h) => h.live).map((h) => [h.state.name, h.state]));
  const candidates = rows.map(
    (r): Candidate => ({
      id: r.id,
      priority: r.priority,
      waitedMs: r.waited_ms,
      model: modelKey(r.model),
      own: r.lane === host,
      betterElsewhere: leaveTo(r, here.state, able) !== null,
    }),
  );
  const next = chooseNext(here.state, candidates, o.tuning);
  const row = rows.find((r) => r.id === next?.id);
  if (!next || !row) return null;
  const load = loadMs(here.state, next.model, o.tuning);
  if (row.lane === host) return { taskId: row.id, dispatch: row.dispatch, loadMs: load };
  const why = able.has(row.lane) ? `${host} has room` : `${row.lane} does not answer; ${host} has room`;
  const [moved] = await transaction(db, (q) => relaneTasks(q, [row.id], ENGINE, why, host));
  return moved ? { taskId: moved.taskId, dispatch: moved.dispatch, loadMs: load } : null;
}

/**
 * The other host that should rather take it, and can at once: one that has the model in memory where this one has not, else the one in
 * whose lane it stands, else, when that one is gone, its stand-by. Null when this host is as good as any.
 */
function leaveTo(r: TaskRow, here: HostNow, able: ReadonlyMap<string, HostNow>): string | null {
  const hot = (h: HostNow, model: string) =>
    h.loaded.includes(modelKey(model)) || h.running.includes(modelKey(model));
  if (hot(here, r.model)) return null;
  const others = r.others.flatMap((o) => {
    const state = able.get(o.host);
    return state && cannotRun(state, modelKey(o.model)) === null ? [{ ...o, state }] : [];
  });
  const loaded = others.find((o) => hot(o.state, o.model));
  if (loaded) return loaded.host;
  if (r.lane === here.name) return null;
  const preferred = able.has(r.lane) ? r.lane : r.stand_by;
  return preferred !== here.name && others.some((o) => o.host === preferred) ? preferred : null;
}
