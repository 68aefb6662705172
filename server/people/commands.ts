import { AlaiError } from '#server/domain/errors.ts';
import { ALL_SCOPES, type Role } from '#server/domain/permissions.ts';
import { type Actor, appendEvents } from '#server/engine/event.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { keepAnOwner, sha256 } from './policy.ts';
import { INVITE_HOURS, type Invite, LINK_HOURS, type NewToken } from './schema.ts';

const nobody = (what: string) =>
  new AlaiError('NOT_FOUND', `There is no such ${what}.`, 'Reload the page: it may be gone since.');

interface PersonRow {
  id: string;
  name: string;
  role: Role;
  ver: number;
  disabled_at: Date | null;
  joined_at: Date | null;
}

async function lockPerson(q: Queryable, id: string): Promise<PersonRow> {
  const { rows } = await q.query<PersonRow>('SELECT * FROM app_user WHERE id = $1 FOR UPDATE', [id]);
  if (!rows[0]) throw nobody('person');
  return rows[0];
}

async function say(
  q: Queryable,
  type: string,
  person: { id: string; ver: number },
  actor: Actor,
  more: { from?: string | null; to?: string | null; reason?: string; data?: Record<string, unknown> } = {},
): Promise<void> {
  await appendEvents(q, [{ type, entity: 'person', id: person.id, ver: person.ver, actor, ...more }]);
}

/** Spends a one-time sign-in code and begins a session. Throws SIGN_IN_LINK_INVALID. */
export async function signIn(
  db: Db,
  given: { code: string; sessionId: string; device: string },
): Promise<{ id: string; name: string }> {
  return await transaction(db, async (q) => {
    const { rows } = await q.query<PersonRow>(
      `WITH spent AS (
         UPDATE sign_in_link SET used_at = clock_timestamp()
         WHERE code_hash = $1 AND used_at IS NULL AND expires_at > clock_timestamp() RETURNING user_id)
       UPDATE app_user u SET joined_at = coalesce(u.joined_at, clock_timestamp())
       FROM spent WHERE u.id = spent.user_id AND u.disabled_at IS NULL RETURNING u.*`,
      [sha256(given.code)],
    );
    const person = rows[0];
    if (!person)
      throw new AlaiError(
        'SIGN_IN_LINK_INVALID',
        'This link is used up or has expired.',
        'Ask for a new one: `npx alai sign-in` on the machine of the factory, or whoever invited you.',
      );
    await q.query('INSERT INTO session(id, user_id, agent) VALUES ($1, $2, $3)', [
      given.sessionId,
      person.id,
      given.device,
    ]);
    const actor: Actor = { kind: 'human', name: person.name };
    await say(q, 'session.begin', person, actor, { data: { device: given.device } });
    return { id: person.id, name: person.name };
  });
}

/** Ends one session of this person. Somebody else's answers as if it did not exist. Ending it twice is no error. */
export async function endSession(db: Db, userId: string, sessionId: string, actor: Actor): Promise<void> {
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ ended_at: Date | null }>(
      'SELECT ended_at FROM session WHERE id = $1 AND user_id = $2 FOR UPDATE',
      [sessionId, userId],
    );
    if (!rows[0]) throw nobody('session');
    if (rows[0].ended_at) return;
    await q.query('UPDATE session SET ended_at = clock_timestamp(), ended_by = $2 WHERE id = $1', [
      sessionId,
      actor.name,
    ]);
    await say(q, 'session.end', { id: userId, ver: 1 }, actor);
  });
}

/** Ends every session of a person, all but one when `keep` is given. Returns how many ended. */
async function endSessions(q: Queryable, userId: string, by: string, keep: string | null): Promise<number> {
  const { rowCount } = await q.query(
    `UPDATE session SET ended_at = clock_timestamp(), ended_by = $2
     WHERE user_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $3`,
    [userId, by, keep],
  );
  return rowCount ?? 0;
}

/** Ends every session of this person but the one that asks. Returns how many ended. */
export async function endOtherSessions(
  db: Db,
  userId: string,
  keep: string | null,
  actor: Actor,
): Promise<number> {
  return await transaction(db, async (q) => {
    const person = await lockPerson(q, userId);
    const ended = await endSessions(q, userId, actor.name, keep);
    if (ended > 0) await say(q, 'session.end-others', person, actor, { data: { ended } });
    return ended;
  });
}

/** Makes a person and the link that lets him in once, within 72 hours. Throws CONFLICT when the name is taken. */
export async function invite(
  db: Db,
  input: Invite,
  made: { userId: string; code: string },
  actor: Actor,
): Promise<{ until: Date }> {
  return await transaction(db, async (q) => {
    const { rowCount } = await q.query(
      `INSERT INTO app_user(id, name, role, invited_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [made.userId, input.name, input.role, actor.name],
    );
    if (!rowCount)
      throw new AlaiError(
        'CONFLICT',
        `Somebody is called "${input.name}" already.`,
        'Choose another name: the audit trail tells people by it.',
      );
    await say(q, 'person.invite', { id: made.userId, ver: 1 }, actor, {
      to: input.role,
      data: { name: input.name },
    });
    return { until: await storeLink(q, made.userId, made.code, INVITE_HOURS, actor) };
  });
}

const endLinks = (q: Queryable, userId: string) =>
  q.query(
    `UPDATE sign_in_link SET expires_at = date_trunc('milliseconds', clock_timestamp())
     WHERE user_id = $1 AND used_at IS NULL AND expires_at > clock_timestamp()`,
    [userId],
  );

async function storeLink(
  q: Queryable,
  userId: string,
  code: string,
  hours: number,
  actor: Actor,
): Promise<Date> {
  // An older link that was never used would stay a way in that nobody remembers.
  await endLinks(q, userId);
  const { rows } = await q.query<{ expires_at: Date }>(
    `INSERT INTO sign_in_link(code_hash, user_id, expires_at, made_by)
     VALUES ($1, $2, clock_timestamp() + make_interval(hours => $3), $4) RETURNING expires_at`,
    [sha256(code), userId, hours, actor.name],
  );
  return rows[0]?.expires_at as Date;
}

/** A fresh one-time link for somebody who lost the old one or his session; earlier unused links stop working. */
export async function newLink(db: Db, userId: string, code: string, actor: Actor): Promise<{ until: Date }> {
  return await transaction(db, async (q) => {
    const person = await lockPerson(q, userId);
    if (person.disabled_at)
      throw new AlaiError('CONFLICT', `${person.name} is locked out.`, 'Let the person in again first.');
    await say(q, 'person.link', person, actor);
    return {
      until: await storeLink(q, userId, code, person.joined_at ? LINK_HOURS : INVITE_HOURS, actor),
    };
  });
}

const owners = async (q: Queryable): Promise<string[]> =>
  (
    await q.query<{ id: string }>(
      `SELECT id FROM app_user WHERE role = 'ceo' AND disabled_at IS NULL ORDER BY id FOR UPDATE`,
    )
  ).rows.map((r) => r.id);

/** Gives a person another role; it counts from his next request on. Throws NOT_ALLOWED for the last ceo. */
export async function setRole(
  db: Db,
  userId: string,
  role: Role,
  reason: string,
  actor: Actor,
): Promise<void> {
  await transaction(db, async (q) => {
    // The owners first, always in the same order: two who demote each other must not both succeed.
    const all = await owners(q);
    const person = await lockPerson(q, userId);
    if (person.role === role) return;
    keepAnOwner(person, role, all);
    await q.query('UPDATE app_user SET role = $2, ver = ver + 1 WHERE id = $1', [userId, role]);
    const changed = { id: userId, ver: person.ver + 1 };
    await say(q, 'person.role', changed, actor, { from: person.role, to: role, reason });
  });
}

/** Locks a person out for good: sessions end, links and tokens are worth nothing, also when he is let in again. Throws NOT_ALLOWED for the last ceo. */
export async function disablePerson(db: Db, userId: string, reason: string, actor: Actor): Promise<void> {
  await transaction(db, async (q) => {
    const all = await owners(q);
    const person = await lockPerson(q, userId);
    if (person.disabled_at) return;
    keepAnOwner(person, null, all);
    await q.query('UPDATE app_user SET disabled_at = clock_timestamp(), ver = ver + 1 WHERE id = $1', [
      userId,
    ]);
    await endSessions(q, userId, actor.name, null);
    await endLinks(q, userId);
    // But for the one that `npm start` keeps on this machine, which is made once.
    await q.query(
      'UPDATE api_token SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL AND NOT $2 = ANY(scopes)',
      [userId, ALL_SCOPES],
    );
    await say(q, 'person.disable', { id: userId, ver: person.ver + 1 }, actor, { reason });
  });
}

/** Lets a person in again, with the role he had; he needs a new link and new tokens. */
export async function enablePerson(db: Db, userId: string, actor: Actor): Promise<void> {
  await transaction(db, async (q) => {
    const person = await lockPerson(q, userId);
    if (!person.disabled_at) return;
    await q.query('UPDATE app_user SET disabled_at = NULL, ver = ver + 1 WHERE id = $1', [userId]);
    await say(q, 'person.enable', { id: userId, ver: person.ver + 1 }, actor);
  });
}

/** Stores a token's hash and its last four characters; the token itself is nowhere but with whoever made it. */
export async function createToken(
  db: Db,
  userId: string,
  input: NewToken,
  token: string,
  actor: Actor,
): Promise<{ id: number }> {
  return await transaction(db, async (q) => {
    const { rows } = await q.query<{ id: number }>(
      `INSERT INTO api_token(hash, user_id, name, scopes, ending, expires_at)
       VALUES ($1, $2, $3, $4, right($5, 4), clock_timestamp() + make_interval(days => $6)) RETURNING id`,
      [sha256(token), userId, input.name, [...new Set(input.scopes)], token, input.days],
    );
    const data = { name: input.name, scopes: input.scopes, days: input.days };
    await say(q, 'token.create', { id: userId, ver: 1 }, actor, { data });
    return { id: rows[0]?.id as number };
  });
}

/** Ends a token at once. Somebody else's answers as if it did not exist. */
export async function revokeToken(db: Db, userId: string, id: number, actor: Actor): Promise<void> {
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ name: string; revoked_at: Date | null }>(
      'SELECT name, revoked_at FROM api_token WHERE id = $1 AND user_id = $2 FOR UPDATE',
      [id, userId],
    );
    if (!rows[0]) throw nobody('token');
    if (rows[0].revoked_at) return;
    await q.query('UPDATE api_token SET revoked_at = now() WHERE id = $1', [id]);
    await say(q, 'token.revoke', { id: userId, ver: 1 }, actor, { data: { name: rows[0].name } });
  });
}
