import type { FoundAgent, ModelFacts } from '#server/domain/agents.ts';
import type { ProbeFacts } from '#server/domain/host.ts';
import type { Db } from '#server/platform/db.ts';
import { toJson, transaction } from '#server/platform/db.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import type { Publisher } from './outbox.ts';
import { publishDeliveries } from './outbox.ts';
import { loseAttempts } from './sweep.ts';

export interface HostFacts {
  name: string;
  slots: number;
  memoryGb: number | null;
  models: string[];
  scripted: boolean;
  sandbox: string;
}

/** What fleet.yaml says of a host. */
export interface DeclaredHost {
  name: string;
  label: string;
  slots: number;
  memoryGb: number | null;
  local: boolean;
  ollama: string | null;
  llamaServer: string | null;
  standBy: string | null;
  models: { name: string; gb: number; context: number | null; parallel: number }[];
  /** Model -> attempts at once. */
  lanes: Record<string, number>;
}

const FILE = 'fleet.yaml';
/** Of a host's row what fleet.yaml says, in one order: compared to write only what changed. */
const declared = `label, slots, memory_gb, local, ollama, llama_server, stand_by, planned, lanes, declared`;

/**
 * Writes what fleet.yaml says of all hosts, where it says something new. A host keeps its state: paused survives a restart.
 * One that is not in the file any more takes no more work; back in it, it goes on.
 * Returns the names that changed.
 */
export async function declareHosts(db: Db, hosts: DeclaredHost[], drainMs: number): Promise<string[]> {
  return await transaction(db, async (q) => {
    const { rows } = await q.query<{ name: string }>(
      `INSERT INTO host(name, ${declared})
       SELECT name, label, slots, "memoryGb", "local", ollama, "llamaServer", "standBy", models, lanes, true
       FROM jsonb_to_recordset($1::jsonb) h(name text, label text, slots int, "memoryGb" int, "local" boolean, ollama text,
         "llamaServer" text, "standBy" text, models jsonb, lanes jsonb)
       ON CONFLICT (name) DO UPDATE SET (${declared}) = ROW(excluded.label, excluded.slots, excluded.memory_gb, excluded.local,
         excluded.ollama, excluded.llama_server, excluded.stand_by, excluded.planned, excluded.lanes, true)
       WHERE (host.label, host.slots, host.memory_gb, host.local, host.ollama, host.llama_server, host.stand_by, host.planned,
         host.lanes, host.declared) IS DISTINCT FROM (excluded.label, excluded.slots, excluded.memory_gb, excluded.local,
         excluded.ollama, excluded.llama_server, excluded.stand_by, excluded.planned, excluded.lanes, true)
       RETURNING name`,
      [toJson(hosts)],
    );
    const gone = await q.query<{ name: string }>(
      `UPDATE host SET declared = false, state = 'DRAINING', state_by = $2, state_reason = 'It was taken out of the file',
         state_at = clock_timestamp(), drain_until = clock_timestamp() + make_interval(secs => $3 / 1000.0), ver = ver + 1
       WHERE declared AND name <> ALL($1) RETURNING name`,
      [hosts.map((h) => h.name), FILE, drainMs],
    );
    await q.query(
      `UPDATE host SET state = 'LIVE', state_by = NULL, state_reason = '', drain_until = NULL, ver = ver + 1
       WHERE declared AND state_by = $1 AND state = 'DRAINING'`,
      [FILE],
    );
    const changed = [...rows, ...gone.rows].map((r) => r.name).sort();
    await appendEvents(
      q,
      changed.map((name) => ({
        type: gone.rows.some((r) => r.name === name) ? 'host.removed' : 'host.declared',
        entity: 'host',
        id: name,
        ver: 0,
        actor: ENGINE,
        reason: 'companies/_shared/fleet.yaml says so',
      })),
    );
    return changed;
  });
}

/**
 * A host's worker starts: the previous incarnation is dead (its processes were killed before this call), and its attempts
 * are given back at once instead of after their lease.
 */
export async function registerWorker(
  db: Db,
  publisher: Publisher,
  w: { id: string; pid: number; version?: string; bootId?: string; host: HostFacts },
): Promise<void> {
  const deliveries = await transaction(db, async (q) => {
    await q.query(
      `INSERT INTO host(name, slots, memory_gb, models, scripted, sandbox, last_seen) VALUES ($1, $2, $3, $4, $5, $6, now())
       ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, memory_gb = excluded.memory_gb, models = excluded.models,
         scripted = excluded.scripted, sandbox = excluded.sandbox, last_seen = now()`,
      [
        w.host.name,
        w.host.slots,
        w.host.memoryGb,
        JSON.stringify(w.host.models),
        w.host.scripted,
        w.host.sandbox,
      ],
    );
    await q.query(`UPDATE worker SET state = 'DEAD' WHERE host = $1 AND state = 'ACTIVE'`, [w.host.name]);
    await q.query(
      `INSERT INTO worker(id, host, pid, version, boot_id, state) VALUES ($1, $2, $3, $4, $5, 'ACTIVE')`,
      [w.id, w.host.name, w.pid, w.version ?? '', w.bootId ?? ''],
    );
    const { rows } = await q.query<{ id: number }>(
      `SELECT id FROM attempt WHERE host = $1 AND worker_id <> $2 AND state IN ('LEASED', 'RUNNING') ORDER BY id`,
      [w.host.name, w.id],
    );
    return await loseAttempts(
      q,
      rows.map((r) => r.id),
      'LOST',
      `The worker of ${w.host.name} was restarted.`,
    );
  });
  await publishDeliveries(db.pool, publisher, deliveries).catch(() => {});
}

/** What a look at the model server found, into the host's row. A server that came or went is an event. */
export async function writeProbe(db: Db, host: string, f: ProbeFacts): Promise<void> {
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ was: { reachable?: boolean } | null; models: string[] }>(
      'SELECT probe was, models FROM host WHERE name = $1 FOR NO KEY UPDATE',
      [host],
    );
    const row = rows[0];
    if (!row) return;
    const names = f.models?.map((m) => m.name) ?? null;
    await q.query(
      `UPDATE host SET probed_at = clock_timestamp(), probe = $2::jsonb, loaded = $3::jsonb, models = coalesce($4::jsonb, models),
         installed = coalesce($5::jsonb, installed), scripted = coalesce($6, scripted) WHERE name = $1`,
      [
        host,
        toJson({ reachable: f.reachable, version: f.version, ms: f.ms, problem: f.problem }),
        toJson(f.loaded),
        names && toJson(names),
        f.models && toJson(f.models),
        f.scripted,
      ],
    );
    const actor: Actor = { kind: 'worker', name: host };
    const about = { entity: 'host', id: host, ver: 0, actor };
    if (row.was && row.was.reachable !== f.reachable)
      await appendEvents(q, [
        {
          ...about,
          type: f.reachable ? 'host.reachable' : 'host.unreachable',
          reason: f.reachable ? 'Its model server answers again' : (f.problem?.message ?? 'No answer'),
        },
      ]);
    if (names && JSON.stringify([...names].sort()) !== JSON.stringify([...row.models].sort()))
      await appendEvents(q, [{ ...about, type: 'host.models', data: { models: names } }]);
  });
}

/** What the worker of a host has to do, as its heartbeat is answered. */
export interface Orders {
  /** Hand back what runs: the host was stopped, or its time to drain is over. */
  handBack: boolean;
  /** End, so that the supervisor starts it anew. */
  restart: boolean;
}

/** The worker is alive, and hears what is wanted of its host. Null when another incarnation took the host over: this one must stop. */
export async function workerSeen(db: Db, id: string, host: string): Promise<Orders | null> {
  const { rows } = await db.pool.query<Orders>(
    `WITH w AS (UPDATE worker SET last_seen = now() WHERE id = $1 AND state = 'ACTIVE' RETURNING started_at)
     UPDATE host SET last_seen = now() FROM w WHERE name = $2
     RETURNING state = 'STOPPED' OR (state = 'DRAINING' AND coalesce(drain_until < clock_timestamp(), true)) AS "handBack",
       coalesce(restart_at > w.started_at, false) AS restart`,
    [id, host],
  );
  return rows[0] ?? null;
}

/** A process of the factory ended without being told to, or hung and was ended; its supervisor starts it again. */
export async function processRestarted(
  db: Db,
  p: { name: string; reason: string; pauseMs: number },
): Promise<void> {
  const actor: Actor = { kind: 'reaper', name: 'supervisor' };
  const about = { type: 'process.restarted', entity: 'process', id: p.name, ver: 0, actor };
  await appendEvents(db.pool, [{ ...about, reason: p.reason, data: { pauseMs: p.pauseMs } }]);
}

/** The worker leaves in order. */
export async function workerGone(db: Db, id: string): Promise<void> {
  await db.pool.query(`UPDATE worker SET state = 'DEAD' WHERE id = $1`, [id]);
}

/** The coding agents a host's worker found. That one came, went or got its key is an event. */
export async function hostAgents(db: Db, host: string, found: FoundAgent[]): Promise<void> {
  await transaction(db, async (q) => {
    const { rowCount } = await q.query(
      'UPDATE host SET agents = $2::jsonb WHERE name = $1 AND agents IS DISTINCT FROM $2::jsonb',
      [host, toJson(found)],
    );
    if (!rowCount) return;
    const usable = found.filter((a) => a.usable).map((a) => a.name);
    const about = { entity: 'host', id: host, ver: 0, actor: { kind: 'worker' as const, name: host } };
    await appendEvents(q, [{ ...about, type: 'host.agents', data: { agents: usable } }]);
  });
}

/** What the host's llama-server has loaded; null while it has none or does not say. */
export async function hostLlama(db: Db, host: string, models: string[] | null): Promise<void> {
  await db.pool.query('UPDATE host SET llama = $2::jsonb WHERE name = $1', [host, models && toJson(models)]);
}

/** What the models of a host's llama-server showed that they can do. */
export async function hostLlamaFacts(db: Db, host: string, facts: ModelFacts[]): Promise<void> {
  await db.pool.query('UPDATE host SET llama_facts = $2::jsonb WHERE name = $1', [host, toJson(facts)]);
}

/** How much of its disk a host has left, in bytes, as its worker sees it. */
export async function hostDisk(db: Db, host: string, disk: { free: number; total: number }): Promise<void> {
  await db.pool.query('UPDATE host SET disk_free = $2, disk_total = $3 WHERE name = $1', [
    host,
    disk.free,
    disk.total,
  ]);
}
