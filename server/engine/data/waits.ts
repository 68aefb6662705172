import { modelKey } from '#server/domain/host.ts';
import { startText } from '#server/domain/lane-eta.ts';
import { cannotRun, type HostNow } from '#server/domain/schedule.ts';
import type { Queryable } from '#server/platform/db.ts';
import { readHostsNow } from '../pick.ts';
import { type LanePlace, readLanes } from './lanes.ts';
import type { TaskRow } from './rows.ts';

const MAX_NAMED = 2;
/** A start within this needs no estimate. */
const SOON = 5_000;
const idle: Record<string, string> = { PAUSED: 'is paused', DRAINING: 'drains', STOPPED: 'is stopped' };

/** "#4001 to merge and #4002": what is still missing, by name as long as it fits one line. */
function named(missing: { on_task_id: number; kind: string }[]): string {
  const words = missing
    .slice(0, MAX_NAMED)
    .map((d) => `#${d.on_task_id}${d.kind === 'accepted' ? ' to merge' : ''}`);
  const more = missing.length - words.length;
  return more > 0 ? `${words.join(', ')} and ${more} more` : words.join(' and ');
}

/** What a host with a free slot lacks for this model, in words; null when only its place in the queue holds it. */
function fullFor(h: HostNow | undefined, model: string | null): string | null {
  if (!h || model === null) return null;
  const key = modelKey(model);
  const why = cannotRun(h, key);
  if (why === 'model busy') {
    const busy = h.running.filter((m) => m === key).length;
    return `${model}, busy with ${busy}`;
  }
  const gb = h.models.find((m) => m.name === key)?.gb;
  if (why === 'disk') return 'room on the disk';
  return why === 'memory' ? `${gb ?? 'the'} GB of memory for ${model}` : null;
}

type WaitingTask = Pick<TaskRow, 'id' | 'status' | 'host' | 'project_id'>;

/** Why each task that does not run waits, in one line, and (unless it is shown elsewhere) for about how long. Nothing waits silently. */
export async function waitReasons(
  q: Queryable,
  tasks: WaitingTask[],
  o: { eta: boolean } = { eta: true },
): Promise<Map<number, string>> {
  const reasons = new Map<number, string>();
  const open = tasks.filter((t) => t.status === 'OPEN');
  const queued = tasks.filter((t) => t.status === 'QUEUED');
  const [missing, lanes, hosts, now, stop] = await Promise.all([
    open.length === 0
      ? []
      : q
          .query<{ task_id: number; on_task_id: number; kind: string; status: string }>(
            `SELECT d.task_id, d.on_task_id, d.kind, coalesce(CASE WHEN c.state = 'CANCELLED' THEN 'CANCELLED' WHEN o.status <> 'FAILED' THEN c.state END, o.status) status
             FROM dependency d JOIN task o ON o.id = d.on_task_id LEFT JOIN chain c ON c.id = o.chain_id
             WHERE d.task_id = ANY($1) AND d.satisfied_at IS NULL ORDER BY d.on_task_id`,
            [open.map((t) => t.id)],
          )
          .then((r) => r.rows),
    queued.length === 0 ? new Map<number, LanePlace>() : readLanes(q),
    q
      .query<{ name: string; state: string; live: boolean }>(
        `SELECT h.name, h.state, EXISTS (SELECT 1 FROM worker w WHERE w.host = h.name AND w.state = 'ACTIVE') live FROM host h`,
      )
      .then((r) => r.rows),
    queued.length === 0 ? [] : readHostsNow(q, 0),
    q
      .query<{ engaged: boolean }>(`SELECT engaged FROM kill_switch WHERE scope = 'factory'`)
      .then((r) => r.rows[0]?.engaged ?? false),
  ]);

  const byTask = Map.groupBy(missing, (d) => d.task_id);
  for (const t of open) {
    const deps = byTask.get(t.id) ?? [];
    const dead = deps.find((d) => d.status === 'FAILED' || d.status === 'CANCELLED');
    if (t.project_id === null) reasons.set(t.id, 'Needs a project');
    else if (dead) reasons.set(t.id, `Waits for #${dead.on_task_id}, which is ${dead.status.toLowerCase()}`);
    else if (deps.length > 0) reasons.set(t.id, `Waits for ${named(deps)}`);
    else reasons.set(t.id, 'Waits for a host with a model for it');
  }
  for (const t of queued) {
    const host = hosts.find((h) => h.name === t.host);
    const name = t.host?.toUpperCase() ?? 'a host';
    const { ahead = 0, model = null, held = null, startsInMs = null } = lanes.get(t.id) ?? {};
    const eta = o.eta && startsInMs !== null && startsInMs >= SOON ? ` · ${startText(startsInMs)}` : '';
    const full = fullFor(now.find((h) => h.state.name === t.host)?.state, model);
    if (stop) reasons.set(t.id, 'The factory is stopped');
    else if (host && !host.live) reasons.set(t.id, `Waits for ${name}, which has no worker`);
    else if (host && host.state !== 'LIVE') reasons.set(t.id, `Waits for ${name}, which ${idle[host.state]}`);
    else if (held) reasons.set(t.id, held);
    else if (full) reasons.set(t.id, `Waits for ${full} on ${name}${eta}`);
    else reasons.set(t.id, `Waits for ${name}${ahead > 0 ? ` · ${ahead} ahead` : ' · next'}${eta}`);
  }
  return reasons;
}
