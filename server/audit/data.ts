import type { AuditEntry, AuditFilter, AuditPage, AuditState } from '#server/domain/audit.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import { sealOf } from './policy.ts';

const columns = `e.xid::text xid, e.seq, e.at, e.type, e.entity, e.entity_id "entityId", e.ver, e.from_state "from", e.to_state "to",
  e.actor_kind "actorKind", e.actor, e.reason, e.project_id "projectId", e.pipeline_id "pipelineId", e.task_id "taskId", e.data`;

/** Where the chain ends: the last entry's number, place and seal. */
export async function lastSeal(q: Queryable): Promise<{ n: number; xid: string; seq: number; hash: string }> {
  const { rows } = await q.query<{ n: number; xid: string; seq: number; hash: string }>(
    'SELECT n, xid::text xid, seq, hash FROM audit_seal ORDER BY n DESC LIMIT 1',
  );
  return rows[0] ?? { n: 0, xid: '0', seq: 0, hash: '' };
}

/** Entries after a place that nothing can slip in before any more: all transactions up to theirs have ended. */
export async function unsealed(
  q: Queryable,
  after: { xid: string; seq: number },
  limit: number,
): Promise<Omit<AuditEntry, 'n' | 'hash'>[]> {
  const { rows } = await q.query<Omit<AuditEntry, 'n' | 'hash'>>(
    `SELECT ${columns} FROM event e
     WHERE (e.xid, e.seq) > ($1::text::xid8, $2::bigint) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY e.xid, e.seq LIMIT $3`,
    [after.xid, after.seq, limit],
  );
  return rows;
}

function cursorOf(cursor: string | null): [string, string] | null {
  const m = /^(\d{1,20})-(\d{1,19})$/.exec(cursor ?? '');
  return m ? [m[1] as string, m[2] as string] : null;
}

const like = (q: string) => `%${q.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;

/** Entries of a filter, the newest first, from `cursor` on. */
export async function readEntries(
  db: Db,
  filter: AuditFilter,
  cursor: string | null,
  limit: number,
): Promise<{ entries: AuditEntry[]; next: string | null }> {
  const before = cursorOf(cursor);
  const { rows } = await db.pool.query<AuditEntry>(
    `SELECT ${columns}, s.n, s.hash FROM event e LEFT JOIN audit_seal s ON s.xid = e.xid AND s.seq = e.seq
     WHERE ($1::text IS NULL OR (e.xid, e.seq) < ($1::text::xid8, $2::bigint))
       AND (NOT $3 OR e.actor_kind = 'human') AND ($4::text IS NULL OR e.actor = $4) AND ($5::text IS NULL OR e.entity = $5)
       AND ($6::bigint IS NULL OR e.task_id = $6) AND ($7::timestamptz IS NULL OR e.at >= $7)
       AND ($8::timestamptz IS NULL OR e.at < $8)
       AND ($9 = '' OR e.reason ILIKE $10 OR e.actor ILIKE $10 OR e.type ILIKE $10 OR e.entity_id ILIKE $10 OR e.data::text ILIKE $10)
     ORDER BY e.xid DESC, e.seq DESC LIMIT $11`,
    [
      before?.[0] ?? null,
      before?.[1] ?? null,
      filter.people,
      filter.actor,
      filter.entity,
      filter.taskId,
      filter.from,
      filter.to,
      filter.q,
      like(filter.q),
      limit + 1,
    ],
  );
  const entries = rows.slice(0, limit);
  const last = entries.at(-1);
  return { entries, next: rows.length > limit && last ? `${last.xid}-${last.seq}` : null };
}

/** One page of the trail, and whose acts it can be filtered by. */
export async function readAudit(
  db: Db,
  filter: AuditFilter,
  cursor: string | null,
  limit: number,
): Promise<AuditPage> {
  const [page, people] = await Promise.all([
    readEntries(db, filter, cursor, limit),
    db.pool.query<{ name: string }>('SELECT name FROM app_user ORDER BY name'),
  ]);
  return { ...page, actors: people.rows.map((r) => r.name) };
}

const BATCH = 5_000;

/** Walks the whole chain from its first entry: every seal is made again, and no event may be missing between two. */
export async function verifyTrail(db: Db): Promise<AuditState> {
  let at = { xid: '0', seq: 0 };
  let n = 0;
  let hash = '';
  const broken = (problem: string): AuditState => ({ ok: false, sealed: n, head: hash || null, problem });
  const { rows: lost } = await db.pool.query<{ n: number }>(
    `SELECT s.n FROM audit_seal s LEFT JOIN event e ON e.xid = s.xid AND e.seq = s.seq WHERE e.seq IS NULL ORDER BY s.n LIMIT 1`,
  );
  if (lost[0]) return broken(`Entry ${lost[0].n} was removed after it was sealed.`);
  for (;;) {
    const { rows } = await db.pool.query<AuditEntry>(
      `SELECT ${columns}, s.n, s.hash FROM event e LEFT JOIN audit_seal s ON s.xid = e.xid AND s.seq = e.seq
       WHERE (e.xid, e.seq) > ($1::text::xid8, $2::bigint)
         AND (e.xid, e.seq) <= (SELECT xid, seq FROM audit_seal ORDER BY n DESC LIMIT 1)
       ORDER BY e.xid, e.seq LIMIT ${BATCH}`,
      [at.xid, at.seq],
    );
    for (const e of rows) {
      if (e.n === null) return broken(`An entry was put in after entry ${n}.`);
      hash = sealOf(hash, e);
      if (e.n !== n + 1 || e.hash !== hash) return broken(`Entry ${n + 1} was changed after it was sealed.`);
      n = e.n;
      at = { xid: e.xid, seq: e.seq };
    }
    if (rows.length < BATCH) return { ok: true, sealed: n, head: hash || null, problem: null };
  }
}
