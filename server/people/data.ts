import type { Role } from '#server/domain/permissions.ts';
import type { Person, SessionView, TokenView } from '#server/domain/views/people.ts';
import type { Db } from '#server/platform/db.ts';
import { sha256 } from './policy.ts';

/** Who asks, with the role as it is now. */
export interface Identity {
  id: string;
  name: string;
  role: Role;
}

/** The person of a live session; null once it was ended or the person disabled. Notes at most once a minute that it is used. */
export async function personBySession(db: Db, sessionId: string): Promise<Identity | null> {
  const { rows } = await db.pool.query<Identity>(
    `WITH seen AS (
       UPDATE session SET seen_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL
         AND seen_at < clock_timestamp() - interval '1 minute')
     SELECT u.id, u.name, u.role FROM session s JOIN app_user u ON u.id = s.user_id
     WHERE s.id = $1 AND s.ended_at IS NULL AND u.disabled_at IS NULL`,
    [sessionId],
  );
  return rows[0] ?? null;
}

/** A person who is not locked out; null otherwise. For those that somebody else vouches for: a signature of Slack. */
export async function personById(db: Db, id: string): Promise<Identity | null> {
  const { rows } = await db.pool.query<Identity>(
    'SELECT id, name, role FROM app_user WHERE id = $1 AND disabled_at IS NULL',
    [id],
  );
  return rows[0] ?? null;
}

/** The person an API token belongs to, and its scopes; null when it is unknown, revoked or has expired. */
export async function personByToken(
  db: Db,
  token: string,
): Promise<(Identity & { scopes: string[] }) | null> {
  const { rows } = await db.pool.query<Identity & { scopes: string[] }>(
    `WITH used AS (
       UPDATE api_token SET last_used_at = now() WHERE hash = $1 AND revoked_at IS NULL
         AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute'))
     SELECT u.id, u.name, u.role, t.scopes FROM api_token t JOIN app_user u ON u.id = t.user_id
     WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
       AND u.disabled_at IS NULL`,
    [sha256(token)],
  );
  return rows[0] ?? null;
}

export async function readPeople(db: Db): Promise<Person[]> {
  const { rows } = await db.pool.query<Person>(
    `SELECT u.id, u.name, u.role, u.created_at "createdAt", u.invited_by "invitedBy", u.joined_at "joinedAt",
       u.disabled_at "disabledAt",
       (SELECT max(l.expires_at) FROM sign_in_link l
        WHERE l.user_id = u.id AND l.used_at IS NULL AND l.expires_at > clock_timestamp()) "linkUntil",
       s.live sessions, s.seen "seenAt"
     FROM app_user u
     CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE ended_at IS NULL)::int live, max(seen_at) seen
       FROM session WHERE user_id = u.id) s
     ORDER BY u.disabled_at IS NOT NULL, u.created_at`,
  );
  return rows;
}

/** The live sessions of one person, the last used first. */
export async function readSessions(db: Db, userId: string, current: string | null): Promise<SessionView[]> {
  const { rows } = await db.pool.query<SessionView>(
    `SELECT id, agent, created_at "createdAt", seen_at "seenAt", id::text IS NOT DISTINCT FROM $2 current
     FROM session WHERE user_id = $1 AND ended_at IS NULL ORDER BY seen_at DESC LIMIT 100`,
    [userId, current],
  );
  return rows;
}

export async function readTokens(db: Db, userId: string): Promise<TokenView[]> {
  const { rows } = await db.pool.query<TokenView>(
    `SELECT id, name, scopes, ending, created_at "createdAt", last_used_at "lastUsedAt", expires_at "expiresAt"
     FROM api_token WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id DESC LIMIT 200`,
    [userId],
  );
  return rows;
}
