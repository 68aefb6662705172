import type { FoundAgent } from '#server/domain/agents.ts';
import { type HostState, type LoadedModel, sameModel } from '#server/domain/host.ts';
import { overdueAfter, type Timing } from '#server/domain/timing.ts';
import type {
  BreakerFacts,
  FleetHostView,
  HostModelView,
  ModelJobView,
  SlotView,
} from '#server/domain/views/fleet.ts';
import { type LanePlace, readLanes } from '#server/engine/data/lanes.ts';
import { waitReasons } from '#server/engine/data/waits.ts';
import { type Db, type Queryable, snapshot } from '#server/platform/db.ts';
import { heardState, sandboxOf } from './data.ts';

/** Queued tasks that are shown of one host; the rest is a number. */
const MOST_WAITING = 50;
const JOBS_KEPT = `interval '1 hour'`;

interface HostRow {
  name: string;
  label: string;
  slots: number;
  memory_gb: number | null;
  disk_free: number | null;
  disk_total: number | null;
  state: HostState;
  state_by: string | null;
  state_reason: string;
  state_at: Date | null;
  drain_until: Date | null;
  declared: boolean;
  local: boolean;
  stand_by: string | null;
  ollama: string | null;
  sandbox: string;
  scripted: boolean;
  last_seen: Date | null;
  seen_ms: number | null;
  planned: { name: string; gb: number; context: number | null; parallel: number }[];
  lanes: Record<string, number>;
  models: string[];
  llama: string[] | null;
  agents: FoundAgent[];
  installed: { name: string; bytes: number }[];
  loaded: (Omit<LoadedModel, 'until'> & { until: string | null })[];
  probed_at: Date | null;
  probe: Omit<NonNullable<FleetHostView['probe']>, 'at'> | null;
  pid: number | null;
  version: string | null;
  started_at: Date | null;
  queued: number;
}
interface QueuedRow {
  id: number;
  status: 'QUEUED';
  title: string;
  host: string;
  priority: 'H' | 'M' | 'L';
  project_id: string | null;
  waiting_since: Date;
  queued_at: Date;
  place: LanePlace;
}

const readRows = (q: Queryable) =>
  q.query<HostRow>(
    `SELECT h.*, w.pid, w.version, w.started_at,
       (extract(epoch FROM clock_timestamp() - w.last_seen) * 1000)::float8 seen_ms,
       (SELECT count(*)::int FROM task t WHERE t.status = 'QUEUED' AND t.host = h.name) queued
     FROM host h LEFT JOIN worker w ON w.host = h.name AND w.state = 'ACTIVE'
     WHERE h.declared OR w.host IS NOT NULL ORDER BY h.slots DESC, h.name`,
  );

const readSlots = (q: Queryable, timing: Timing) =>
  q.query<SlotView & { host: string }>(
    `SELECT a.host, a.slot, a.id "attemptId", a.task_id "taskId", t.title, t.stage, t.company, a.model, a.tier,
       a.started_at "startedAt", a.heard_at "heardAt", a.lease_until "leaseUntil", a.last_progress_at "progressAt",
       a.last_progress_at < clock_timestamp() - make_interval(secs => $1 / 1000.0) suspicious,
       a.heard_at < clock_timestamp() - make_interval(secs => $2 / 1000.0) unheard
     FROM attempt a JOIN task t ON t.id = a.task_id WHERE a.state IN ('LEASED', 'RUNNING') ORDER BY a.host, a.slot`,
    [timing.suspicious, overdueAfter(timing)],
  );

/** The titles of the first of each host's queue. */
async function readQueue(q: Queryable, lanes: Map<number, LanePlace>): Promise<QueuedRow[]> {
  const first = [...lanes.values()].filter((p) => p.ahead < MOST_WAITING);
  const { rows } = await q.query<Omit<QueuedRow, 'place'>>(
    `SELECT id, status, title, host, priority, project_id, queued_at, coalesce(waiting_since, queued_at) waiting_since FROM task WHERE id = ANY($1) AND status = 'QUEUED'`,
    [first.map((p) => p.id)],
  );
  return first.flatMap((place) => {
    const row = rows.find((r) => r.id === place.id);
    return row ? [{ ...row, place }] : [];
  });
}

const readSpeeds = (q: Queryable) =>
  q.query<{ host: string; model: string; speed: number | null }>(
    `SELECT a.host, c.model, sum(c.tokens_out)::float8 / nullif(sum(c.ms), 0) * 1000 speed
     FROM call c JOIN attempt a ON a.id = c.attempt_id WHERE c.at > now() - interval '1 hour' AND c.ok GROUP BY a.host, c.model`,
  );

const jobColumns = `id, host, act, model, state, status, completed::float8, total::float8, bytes_per_second "bytesPerSecond", error,
  asked_by "askedBy", cancelled_by "cancelledBy", created_at "createdAt", updated_at "updatedAt", ended_at "endedAt"`;

/** The model jobs that live, and what ended within the hour: the newest of each model. */
async function readModelJobs(q: Queryable): Promise<ModelJobView[]> {
  const { rows } = await q.query<ModelJobView>(
    `SELECT DISTINCT ON (host, model) ${jobColumns} FROM model_job
     WHERE state IN ('QUEUED', 'RUNNING') OR ended_at > now() - ${JOBS_KEPT} ORDER BY host, model, id DESC`,
  );
  return rows;
}

/** One model job; undefined when there never was one of that number. */
export async function readModelJob(db: Db, id: number): Promise<ModelJobView | undefined> {
  const { rows } = await db.pool.query<ModelJobView>(`SELECT ${jobColumns} FROM model_job WHERE id = $1`, [
    id,
  ]);
  return rows[0];
}

/** What other rooms know of a host's models. */
export interface KnownElsewhere {
  /** Who needs a model of a host, in words. */
  needs: (host: string, model: string) => string[];
  breakers: (BreakerFacts & { host: string; model: string })[];
}

/** All that the fleet page shows of the hosts, as of one moment: work changes hosts, and must not be on two or on none. */
export async function readFleet(db: Db, timing: Timing, known: KnownElsewhere): Promise<FleetHostView[]> {
  return await snapshot(db, (q) => fleetAt(q, timing, known));
}

async function fleetAt(q: Queryable, timing: Timing, known: KnownElsewhere): Promise<FleetHostView[]> {
  const [hosts, slots, lanes, speeds, jobs] = await Promise.all([
    readRows(q),
    readSlots(q, timing),
    readLanes(q),
    readSpeeds(q),
    readModelJobs(q),
  ]);
  const queue = await readQueue(q, lanes);
  const waits = await waitReasons(q, queue, { eta: false });
  return hosts.rows.map((h) => {
    const running = slots.rows.filter((s) => s.host === h.name);
    const queued = queue.filter((t) => t.host === h.name);
    return {
      name: h.name,
      label: h.label || h.name.toUpperCase(),
      state: heardState(h, timing),
      order: h.state,
      orderBy: h.state_by,
      orderReason: h.state_reason,
      orderAt: h.state_at,
      drainUntil: h.drain_until,
      declared: h.declared,
      local: h.local,
      standBy: h.stand_by,
      slots: h.slots,
      memoryGb: h.memory_gb,
      disk: h.disk_free !== null && h.disk_total !== null ? { free: h.disk_free, total: h.disk_total } : null,
      sandbox: sandboxOf(h.sandbox),
      scripted: h.scripted,
      address: h.ollama,
      lastSeen: h.last_seen,
      worker:
        h.pid !== null && h.started_at
          ? { version: h.version ?? '', pid: h.pid, startedAt: h.started_at }
          : null,
      probe:
        h.probe && h.probed_at
          ? {
              at: h.probed_at,
              reachable: h.probe.reachable,
              version: h.probe.version,
              ms: h.probe.ms,
              problem: h.probe.problem,
            }
          : null,
      agents: h.agents.map((a) => ({ ...a, breaker: breakerOf(known, h.name, (model) => model === a.name) })),
      running: running.map(({ host: _h, ...s }) => s),
      models: modelsOf(h, running, speeds.rows, known),
      queued: h.queued,
      waiting: queued.map((t) => ({
        taskId: t.id,
        title: t.title,
        priority: t.priority,
        model: t.place.model ?? '',
        waitingSince: t.waiting_since,
        hereSince: t.queued_at,
        why: waits.get(t.id) ?? '',
        etaMs: t.place.startsInMs,
      })),
      jobs: jobs.filter((j) => j.host === h.name),
    };
  });
}

function breakerOf(known: KnownElsewhere, host: string, is: (model: string) => boolean): BreakerFacts | null {
  const found = known.breakers.find((b) => b.host === host && is(b.model));
  if (!found) return null;
  const { state, failures, openedAt, probeAt, error, offline } = found;
  return { state, failures, openedAt, probeAt, error, offline };
}

/** What is planned, what is there and what is loaded, each model once: the loaded first, then the planned. */
function modelsOf(
  h: HostRow,
  running: SlotView[],
  speeds: { host: string; model: string; speed: number | null }[],
  known: KnownElsewhere,
): HostModelView[] {
  const names: string[] = [];
  for (const name of [
    ...h.loaded.map((m) => m.model),
    ...h.planned.map((m) => m.name),
    ...h.models,
    ...(h.llama ?? []),
  ])
    if (!names.some((n) => sameModel(n, name))) names.push(name);
  return names.map((name) => {
    const is = (m: { name: string }) => sameModel(m.name, name);
    const planned = h.planned.find(is);
    const loaded = h.loaded.find((m) => sameModel(m.model, name));
    const llama = (h.llama ?? []).some((m) => sameModel(m, name));
    return {
      name,
      installed: llama || h.models.some((m) => sameModel(m, name)),
      bytes: h.installed.find(is)?.bytes ?? null,
      planned: planned ? { gb: planned.gb, context: planned.context, parallel: planned.parallel } : null,
      loaded: loaded
        ? { bytes: loaded.bytes, until: loaded.until ? new Date(loaded.until) : null }
        : llama
          ? { bytes: (planned?.gb ?? 0) * 1e9, until: null }
          : null,
      lane: h.lanes[name] ?? null,
      running: running.filter((r) => sameModel(r.model, name)).length,
      tokensPerSecond: speeds.find((s) => s.host === h.name && sameModel(s.model, name))?.speed ?? null,
      breaker: breakerOf(known, h.name, (model) => sameModel(model, name)),
      server: llama ? ('llama-server' as const) : ('ollama' as const),
      neededBy: known.needs(h.name, name),
    };
  });
}
