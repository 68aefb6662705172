import { createHash } from 'node:crypto';
import { decode } from 'next-auth/jwt';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { AlaiError } from '#server/domain/errors.ts';
import { ALL_SCOPES, type Role } from '#server/domain/permissions.ts';
import type { Actor } from '#server/engine/event.ts';
import type { Db } from '#server/platform/db.ts';
import { sessionCookieName } from './session-cookie.ts';

/** Who asks. The role is read from the database at each request, never from the session. */
export interface Viewer {
  id: string;
  name: string;
  role: Role;
  /** What the API token of this request may be used for; null when the person himself asks, by his session. */
  scopes: readonly string[] | null;
}

export const actorOf = (viewer: Viewer): Actor => ({ kind: 'human', name: viewer.name });

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Codes are long random numbers; this only keeps somebody from asking the database all day. */
const signInTries = new RateLimiterMemory({ points: 20, duration: 60 });

/** Spends a one-time sign-in code. Throws RATE_LIMITED or SIGN_IN_LINK_INVALID. */
export async function spendSignInCode(
  db: Db,
  code: string,
  from: string,
): Promise<Pick<Viewer, 'id' | 'name'>> {
  await signInTries.consume(from).catch(() => {
    throw new AlaiError('RATE_LIMITED', 'Too many tries to sign in.', 'Wait a minute and use a new link.');
  });
  const { rows } = await db.pool.query<Viewer>(
    `WITH spent AS (
       UPDATE sign_in_link SET used_at = clock_timestamp()
       WHERE code_hash = $1 AND used_at IS NULL AND expires_at > clock_timestamp() RETURNING user_id)
     SELECT u.id, u.name, u.role FROM spent JOIN app_user u ON u.id = spent.user_id WHERE u.disabled_at IS NULL`,
    [sha256(code)],
  );
  const viewer = rows[0];
  if (!viewer)
    throw new AlaiError(
      'SIGN_IN_LINK_INVALID',
      'This link is used up or has expired.',
      'Restart `npm start` for a new one.',
    );
  return viewer;
}

/** The person of a session, with the role as it is now; null once disabled. */
async function userById(db: Db, id: string): Promise<Viewer | null> {
  const { rows } = await db.pool.query<Viewer>(
    'SELECT id, name, role FROM app_user WHERE id = $1 AND disabled_at IS NULL',
    [id],
  );
  return rows[0] ? { ...rows[0], scopes: null } : null;
}

/** The person an API token belongs to; null when it is unknown or revoked. */
async function userByToken(db: Db, token: string): Promise<Viewer | null> {
  const { rows } = await db.pool.query<Viewer>(
    `WITH used AS (
       UPDATE api_token SET last_used_at = now() WHERE hash = $1 AND revoked_at IS NULL
         AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute') RETURNING hash)
     SELECT u.id, u.name, u.role FROM api_token t JOIN app_user u ON u.id = t.user_id
     WHERE t.hash = $1 AND t.revoked_at IS NULL AND u.disabled_at IS NULL`,
    [sha256(token)],
  );
  return rows[0] ? { ...rows[0], scopes: [ALL_SCOPES] } : null;
}

function cookie(header: string | null, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const [key, ...value] = part.trim().split('=');
    if (key === name) return decodeURIComponent(value.join('='));
  }
  return null;
}

/** Who sent this request: by bearer token, else by the session cookie (which holds an id and nothing more). */
export async function viewerOf(
  db: Db,
  req: Pick<Request, 'headers'>,
  secret: string,
): Promise<Viewer | null> {
  const bearer = /^Bearer (\S{8,300})$/i.exec(req.headers.get('authorization') ?? '')?.[1];
  if (bearer) return await userByToken(db, bearer);
  // A web server that was given no secret knows no sessions; a short one could be guessed and a session forged.
  if (secret.length < 32) return null;
  const token = cookie(req.headers.get('cookie'), sessionCookieName(process.env.PORT));
  if (!token) return null;
  const session = await decode({ token, secret }).catch(() => null);
  return session?.sub ? await userById(db, session.sub) : null;
}
