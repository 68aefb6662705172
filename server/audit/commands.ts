import { type Actor, appendEvents } from '#server/engine/event.ts';
import { type Db, transaction } from '#server/platform/db.ts';
import { lastSeal, unsealed } from './data.ts';
import { loggedInput, sealOf } from './policy.ts';

/** One lock for all who seal: a chain has one end. */
const LOCK = 0x5ea1;

/** Seals what happened since the last time, at most `limit` entries. Returns how many. Two at once do no harm. */
export async function sealTrail(db: Db, limit = 2_000): Promise<number> {
  return await transaction(db, async (q) => {
    const { rows: mine } = await q.query<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1) got', [
      LOCK,
    ]);
    if (!mine[0]?.got) return 0;
    const last = await lastSeal(q);
    const entries = await unsealed(q, last, limit);
    let { n, hash } = last;
    const seals = entries.map((e) => {
      hash = sealOf(hash, e);
      return { n: ++n, xid: e.xid, seq: e.seq, hash };
    });
    if (seals.length > 0)
      await q.query(
        `INSERT INTO audit_seal(n, xid, seq, hash)
         SELECT n, xid::xid8, seq, hash FROM jsonb_to_recordset($1::jsonb) s(n bigint, xid text, seq bigint, hash text)`,
        [JSON.stringify(seals)],
      );
    return seals.length;
  });
}

/** Writes down a change that no engine command tells of. */
export async function logCall(db: Db, path: string, input: unknown, actor: Actor): Promise<void> {
  const given = loggedInput(input);
  await appendEvents(db.pool, [
    {
      type: `api.${path}`,
      entity: 'setting',
      id: path,
      ver: 1,
      actor,
      reason: typeof given.reason === 'string' ? given.reason : '',
      data: { input: given },
    },
  ]);
}
