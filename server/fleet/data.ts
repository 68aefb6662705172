import type { HostState } from '#server/domain/host.ts';
import { overdueAfter, type Timing } from '#server/domain/timing.ts';
import type { HostView, Strip } from '#server/domain/views/strip.ts';
import type { Db } from '#server/platform/db.ts';

interface HostRow {
  name: string;
  slots: number;
  state: HostState;
  models: string[];
  scripted: boolean;
  sandbox: HostView['sandbox'];
  last_seen: Date | null;
  seen_ms: number | null;
  queued: number;
  running: HostView['running'];
}

/** What a host is, seen from outside: what a human made of it counts only while its worker is heard of. */
export function heardState(
  h: { seen_ms: number | null; state: HostState },
  timing: Timing,
): HostView['state'] {
  if (h.seen_ms === null) return 'absent';
  if (h.seen_ms > overdueAfter(timing)) return 'silent';
  return ({ LIVE: 'live', PAUSED: 'paused', DRAINING: 'draining', STOPPED: 'stopped' } as const)[h.state];
}

export const sandboxOf = (said: string): HostView['sandbox'] =>
  (['bubblewrap', 'seatbelt', 'none'] as const).find((s) => s === said) ?? 'unknown';

/** The hosts with their slots, what runs in them and what waits for them. */
export async function readHosts(db: Db, timing: Timing): Promise<(HostView & { scripted: boolean })[]> {
  const { rows } = await db.pool.query<HostRow>(
    `SELECT h.name, h.slots, h.state, h.models, h.scripted, h.sandbox, w.last_seen,
       (extract(epoch FROM clock_timestamp() - w.last_seen) * 1000)::float8 seen_ms,
       (SELECT count(*)::int FROM task t WHERE t.status = 'QUEUED' AND t.host = h.name) queued,
       coalesce((SELECT jsonb_agg(jsonb_build_object('slot', a.slot, 'taskId', a.task_id, 'title', t.title) ORDER BY a.slot)
         FROM attempt a JOIN task t ON t.id = a.task_id WHERE a.host = h.name AND a.state IN ('LEASED', 'RUNNING')), '[]') running
     FROM host h LEFT JOIN worker w ON w.host = h.name AND w.state = 'ACTIVE'
     WHERE h.declared OR w.host IS NOT NULL ORDER BY h.slots DESC, h.name`,
  );
  return rows.map((h) => ({
    name: h.name,
    slots: h.slots,
    busy: h.running.length,
    state: heardState(h, timing),
    lastSeen: h.last_seen,
    models: Array.isArray(h.models) ? h.models.map(String) : [],
    sandbox: sandboxOf(h.sandbox),
    queued: h.queued,
    running: h.running,
    scripted: h.scripted,
  }));
}

/** The hosts of fleet.yaml, by name. */
export async function readHostNames(db: Db): Promise<string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    'SELECT name FROM host WHERE declared ORDER BY name',
  );
  return rows.map((r) => r.name);
}

/** What the strip on top of every page says. */
export async function readStrip(db: Db, timing: Timing): Promise<Omit<Strip, 'dayBudgetEur'>> {
  const [hosts, counts] = await Promise.all([
    readHosts(db, timing),
    db.pool.query<{
      now: Date;
      running: number;
      stuck: number;
      need: number;
      spent: number;
      tokens: number;
      engaged: boolean;
      set_by: string;
      reason: string;
      set_at: Date;
    }>(
      `SELECT clock_timestamp() now, a.running, a.stuck, (SELECT count(*)::int FROM escalation WHERE state = 'OPEN') need,
         coalesce(c.spent, 0)::float8 spent, coalesce(c.tokens, 0)::int8 tokens, k.engaged, k.set_by, k.reason, k.set_at
       FROM kill_switch k,
         (SELECT count(*) FILTER (WHERE heard_at >= clock_timestamp() - make_interval(secs => $2 / 1000.0))::int running, count(*) FILTER (WHERE last_progress_at < clock_timestamp() - make_interval(secs => $1 / 1000.0)
            OR heard_at < clock_timestamp() - make_interval(secs => $2 / 1000.0))::int stuck
          FROM attempt WHERE state IN ('LEASED', 'RUNNING')) a,
         (SELECT sum(cost_eur) spent, sum(tokens_in + tokens_out) tokens FROM paid_call WHERE at >= date_trunc('day', now())) c
       WHERE k.scope = 'factory'`,
      [timing.suspicious, overdueAfter(timing)],
    ),
  ]);
  const row = counts.rows[0];
  if (!row) throw new Error('the kill switch row is missing');
  const live = hosts.filter((h) => h.state === 'live');
  return {
    running: row.running,
    mayBeStuck: row.stuck,
    needYou: row.need,
    spentTodayEur: row.spent,
    tokensToday: row.tokens,
    hosts: hosts.map(({ scripted: _s, ...h }) => h),
    stopped: row.engaged ? { by: row.set_by, at: row.set_at, reason: row.reason } : null,
    scripted: live.length > 0 && live.every((h) => h.scripted),
    now: row.now,
  };
}

/** Whether at least one worker was heard of within its lease. */
export async function hasLiveWorker(db: Db, timing: Timing): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    `SELECT 1 FROM worker WHERE state = 'ACTIVE' AND last_seen > clock_timestamp() - make_interval(secs => $1 / 1000.0) LIMIT 1`,
    [timing.workerSeen],
  );
  return (rowCount ?? 0) > 0;
}
