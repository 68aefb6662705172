import type { Timing } from '#server/domain/timing.ts';
import { type FleetFacts, type Trouble, troublesOf } from '#server/domain/trouble.ts';
import type { TroubleView } from '#server/domain/views/fleet.ts';
import { appendEvents, ENGINE } from '#server/engine/event.ts';
import { type Db, type Queryable, toJson, transaction } from '#server/platform/db.ts';

async function readFacts(q: Queryable): Promise<FleetFacts> {
  const hosts = await q.query<FleetFacts['hosts'][number]>(
    `SELECT name, coalesce(nullif(label, ''), upper(name)) label, state, stand_by "standBy",
       (extract(epoch FROM clock_timestamp() - last_seen) * 1000)::float8 "silentMs", (probe->>'reachable')::boolean reachable,
       coalesce(probe->'problem'->>'message', '') problem, disk_free "diskFree" FROM host WHERE declared ORDER BY name`,
  );
  const breakers = await q.query<FleetFacts['breakers'][number]>(
    `SELECT host, model, code, error FROM breaker WHERE state <> 'CLOSED' ORDER BY host, model`,
  );
  return { hosts: hosts.rows, breakers: breakers.rows };
}

/**
 * Writes down what is wrong with the fleet now. What lasts is an event, from which people are told, and so is its end; what heals before
 * is neither. Safe beside another look.
 */
export async function watchTroubles(db: Db, t: Timing): Promise<void> {
  const found = troublesOf(await readFacts(db.pool), t);
  await transaction(db, async (q) => {
    const gone = await q.query<{ key: string; title: string; told_at: Date | null }>(
      'DELETE FROM trouble WHERE key <> ALL($1) RETURNING key, title, told_at',
      [found.map((x) => x.key)],
    );
    await q.query(
      `INSERT INTO trouble(key, severity, title, why, hint)
       SELECT key, severity, title, why, hint
       FROM jsonb_to_recordset($1::jsonb) x(key text, severity text, title text, why text, hint text)
       ON CONFLICT (key) DO UPDATE SET severity = excluded.severity, title = excluded.title, why = excluded.why, hint = excluded.hint`,
      [toJson(found)],
    );
    const told = await q.query<{ key: string }>(
      `UPDATE trouble o SET told_at = clock_timestamp() FROM jsonb_to_recordset($1::jsonb) x(key text, "holdMs" float8)
       WHERE o.key = x.key AND o.told_at IS NULL AND o.since <= clock_timestamp() - make_interval(secs => x."holdMs" / 1000.0)
       RETURNING o.key`,
      [toJson(found)],
    );
    const ended = gone.rows.filter((g) => g.told_at !== null);
    await appendEvents(q, [
      ...found.filter((x) => told.rows.some((r) => r.key === x.key)).map((x) => eventOf('trouble.began', x)),
      ...ended.map((g) =>
        eventOf('trouble.ended', { key: g.key, title: g.title, why: '', hint: '', severity: 'normal' }),
      ),
    ]);
  });
}

const eventOf = (
  type: 'trouble.began' | 'trouble.ended',
  x: Pick<Trouble, 'key' | 'title' | 'why' | 'hint' | 'severity'>,
) => ({
  type,
  entity: 'trouble',
  id: x.key,
  ver: 0,
  actor: ENGINE,
  reason: x.title,
  data: { severity: x.severity, why: x.why, hint: x.hint },
});

/** What people were told and is not over: the urgent first, then the oldest. */
export async function readTroubles(q: Queryable): Promise<TroubleView[]> {
  const { rows } = await q.query<TroubleView>(
    `SELECT key, severity, title, why, hint, since FROM trouble WHERE told_at IS NOT NULL ORDER BY severity DESC, since, key LIMIT 100`,
  );
  return rows;
}

/** How much of its disk a host has left, as its worker sees it. */
export async function writeDisk(db: Db, host: string, disk: { free: number; total: number }): Promise<void> {
  await db.pool.query('UPDATE host SET disk_free = $2, disk_total = $3 WHERE name = $1', [
    host,
    disk.free,
    disk.total,
  ]);
}
