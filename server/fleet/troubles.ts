import { cliProviders } from '#server/domain/providers.ts';
import type { Timing } from '#server/domain/timing.ts';
import { type FleetFacts, RESTARTS_WITHIN, type Trouble, troublesOf } from '#server/domain/trouble.ts';
import type { TroubleView, WatchedView } from '#server/domain/views/fleet.ts';
import { appendEvents, ENGINE } from '#server/engine/event.ts';
import { type Db, type Queryable, toJson, transaction } from '#server/platform/db.ts';

async function readFacts(q: Queryable, t: Timing, services: readonly string[]): Promise<FleetFacts> {
  const hosts = await q.query<FleetFacts['hosts'][number]>(
    `SELECT name, coalesce(nullif(label, ''), upper(name)) label, state, local, stand_by "standBy",
       (extract(epoch FROM clock_timestamp() - last_seen) * 1000)::float8 "silentMs", (probe->>'reachable')::boolean reachable,
       coalesce(probe->'problem'->>'message', '') problem, disk_free "diskFree" FROM host WHERE declared ORDER BY name`,
  );
  // Nobody asks again what is not there any more, so its breaker stays as it is; and what only one task is not answered by is its own matter. What
  // the next call may ask, and no call came for a while, keeps nobody waiting.
  const breakers = await q.query<FleetFacts['breakers'][number]>(
    `SELECT b.host, b.model, b.code, b.error FROM breaker b LEFT JOIN host h ON h.name = b.host AND h.declared
     WHERE b.state <> 'CLOSED' AND b.suspect IS NULL
       AND NOT (b.state = 'HALF_OPEN' AND b.probe_at < clock_timestamp() - make_interval(secs => $3 / 1000.0)) AND CASE WHEN b.host = '*' THEN b.model = ANY($1)
       ELSE h.llama ? b.model OR (h.name IS NOT NULL AND b.model = ANY($2))
         OR EXISTS (SELECT 1 FROM jsonb_array_elements(h.installed) i WHERE lower(i->>'name') = lower(b.model)) END
     ORDER BY b.host, b.model`,
    [services, cliProviders, t.queueWait],
  );
  const restarts = await q.query<FleetFacts['restarts'][number]>(
    `SELECT entity_id name, count(*)::int times, (array_agg(reason ORDER BY seq DESC))[1] reason FROM event
     WHERE type = 'process.restarted' AND at > clock_timestamp() - make_interval(secs => $1 / 1000.0) GROUP BY 1 ORDER BY 1`,
    [RESTARTS_WITHIN(t)],
  );
  const told = await q.query<FleetFacts['told'][number]>(
    'SELECT key, severity FROM trouble WHERE told_at IS NOT NULL',
  );
  return { hosts: hosts.rows, breakers: breakers.rows, restarts: restarts.rows, told: told.rows };
}

/**
 * Writes down what is wrong with the fleet now, of its hosts and of the services it is allowed to ask. What lasts is an event, from which
 * people are told, and so is its end; what heals before is neither. Nothing is done beside another look.
 */
export async function watchTroubles(db: Db, t: Timing, services: readonly string[] = []): Promise<void> {
  await transaction(db, async (q) => {
    const { rows: mine } = await q.query<{ got: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtext('alai-troubles')) got`,
    );
    if (!mine[0]?.got) return;
    const found = troublesOf(await readFacts(q, t, services), t);
    const gone = await q.query<{ key: string; title: string; told_at: Date | null }>(
      'DELETE FROM trouble WHERE key <> ALL($1) RETURNING key, title, told_at',
      [found.map((x) => x.key)],
    );
    await q.query(
      `INSERT INTO trouble(key, severity, title, why, hint, hold_ms)
       SELECT key, severity, title, why, hint, "holdMs"
       FROM jsonb_to_recordset($1::jsonb) x(key text, severity text, title text, why text, hint text, "holdMs" int)
       ON CONFLICT (key) DO UPDATE SET severity = excluded.severity, title = excluded.title, why = excluded.why, hint = excluded.hint,
         hold_ms = excluded.hold_ms,
         told_at = CASE WHEN trouble.severity = 'normal' AND excluded.severity = 'urgent' AND trouble.key = ANY($2) THEN NULL
           ELSE trouble.told_at END
       -- A trouble that lasts for days is looked at every two seconds, and written down when there is something new to say.
       WHERE (trouble.severity, trouble.title, trouble.why, trouble.hint, trouble.hold_ms)
         IS DISTINCT FROM (excluded.severity, excluded.title, excluded.why, excluded.hint, excluded.hold_ms)`,
      // What is told at once is told again when it gets urgent. What waits is not: whatever made it urgent waits, too.
      [toJson(found), found.filter((x) => x.holdMs === 0).map((x) => x.key)],
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

/** What is wrong and may heal before anybody is told, with when he would be. */
export async function readWatched(q: Queryable): Promise<WatchedView[]> {
  const { rows } = await q.query<WatchedView>(
    `SELECT key, severity, title, why, hint, since, since + make_interval(secs => hold_ms / 1000.0) "tellAt"
     FROM trouble WHERE told_at IS NULL ORDER BY severity DESC, since, key LIMIT 100`,
  );
  return rows;
}
