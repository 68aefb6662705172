import type { Queryable } from '#server/platform/db.ts';
import type { TaskRow } from './rows.ts';

const MAX_NAMED = 2;
const idle: Record<string, string> = { PAUSED: 'is paused', DRAINING: 'drains', STOPPED: 'is stopped' };

/** "#4001 to merge and #4002": what is still missing, by name as long as it fits one line. */
function named(missing: { on_task_id: number; kind: string }[]): string {
  const words = missing
    .slice(0, MAX_NAMED)
    .map((d) => `#${d.on_task_id}${d.kind === 'accepted' ? ' to merge' : ''}`);
  const more = missing.length - words.length;
  return more > 0 ? `${words.join(', ')} and ${more} more` : words.join(' and ');
}

type WaitingTask = Pick<TaskRow, 'id' | 'status' | 'host' | 'project_id'>;

/** Why each task that does not run waits, in one line. Nothing waits silently. */
export async function waitReasons(q: Queryable, tasks: WaitingTask[]): Promise<Map<number, string>> {
  const reasons = new Map<number, string>();
  const open = tasks.filter((t) => t.status === 'OPEN');
  const queued = tasks.filter((t) => t.status === 'QUEUED');
  const [missing, ahead, hosts, stop] = await Promise.all([
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
    queued.length === 0
      ? []
      : q
          .query<{ id: number; ahead: number; model: string | null }>(
            `SELECT id, (SELECT c->>'model' FROM jsonb_array_elements(route->'choices') c
                WHERE c->>'host' = host AND (c->>'tier')::int = tier LIMIT 1) model, (row_number() OVER (PARTITION BY host ORDER BY CASE priority WHEN 'H' THEN 0 WHEN 'M' THEN 1 ELSE 2 END, queued_at, id) - 1)::int ahead
             FROM task WHERE status = 'QUEUED'`,
          )
          .then((r) => r.rows),
    q
      .query<{
        name: string;
        state: string;
        live: boolean;
        lanes: Record<string, number>;
        busy: Record<string, number>;
      }>(
        `SELECT h.name, h.state, h.lanes, coalesce((SELECT jsonb_object_agg(model, n) FROM (SELECT model, count(*)::int n FROM attempt a
           WHERE a.host = h.name AND a.state IN ('LEASED', 'RUNNING') GROUP BY model) m), '{}') busy, EXISTS (SELECT 1 FROM worker w WHERE w.host = h.name AND w.state = 'ACTIVE') live FROM host h`,
      )
      .then((r) => r.rows),
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
  const places = new Map(ahead.map((r) => [r.id, r]));
  for (const t of queued) {
    const host = hosts.find((h) => h.name === t.host);
    const name = t.host?.toUpperCase() ?? 'a host';
    const { ahead: before = 0, model = null } = places.get(t.id) ?? {};
    const cap = model === null ? undefined : host?.lanes[model];
    if (stop) reasons.set(t.id, 'The factory is stopped');
    else if (host && !host.live) reasons.set(t.id, `Waits for ${name}, which has no worker`);
    else if (host && host.state !== 'LIVE') reasons.set(t.id, `Waits for ${name}, which ${idle[host.state]}`);
    else if (model !== null && cap !== undefined && (host?.busy[model] ?? 0) >= cap)
      reasons.set(t.id, `Waits for ${model} on ${name} · ${cap} at once`);
    else reasons.set(t.id, `Waits for ${name}${before > 0 ? ` · ${before} ahead` : ' · next'}`);
  }
  return reasons;
}
