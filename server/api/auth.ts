import { decode } from 'next-auth/jwt';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import type { Role } from '#server/domain/permissions.ts';
import type { Actor } from '#server/engine/event.ts';
import { endSession, signIn } from '#server/people/commands.ts';
import { personBySession, personByToken } from '#server/people/data.ts';
import { deviceOf } from '#server/people/policy.ts';
import type { Db } from '#server/platform/db.ts';
import { sessionCookieName } from './session-cookie.ts';

/** Who asks. The role is read from the database at each request, never from the session. */
export interface Viewer {
  id: string;
  name: string;
  role: Role;
  /** What the API token of this request may be used for; null when the person himself asks, by his session. */
  scopes: readonly string[] | null;
  /** The session that asks; null for a token. */
  sessionId: string | null;
}

export const actorOf = (viewer: Viewer): Actor => ({ kind: 'human', name: viewer.name });

/** Tries of one address, and of all together because an address can be made up; counted for all web processes. */
const EACH_MINUTE = { one: 20, all: 300 };

interface Limits {
  one: RateLimiterPostgres;
  all: RateLimiterPostgres;
}
const limits = new WeakMap<Db['pool'], Limits>();

/** One pair for each database: every limiter keeps a clock of its own by which it clears what has expired. */
function limitsOf({ pool }: Db): Limits {
  const known = limits.get(pool);
  if (known) return known;
  const common = { storeClient: pool, tableName: 'rate_limit', tableCreated: true, duration: 60 };
  const made = {
    one: new RateLimiterPostgres({ ...common, keyPrefix: 'sign-in', points: EACH_MINUTE.one }),
    all: new RateLimiterPostgres({ ...common, keyPrefix: 'sign-in-all', points: EACH_MINUTE.all }),
  };
  limits.set(pool, made);
  return made;
}

async function countTry(db: Db, from: string): Promise<void> {
  const { one, all } = limitsOf(db);
  const tries = await Promise.allSettled([one.consume(from), all.consume('all')]);
  const refused = tries.find((t) => t.status === 'rejected');
  if (!refused) return;
  if (refused.reason instanceof Error) throw refused.reason;
  throw new AlaiError('RATE_LIMITED', 'Too many tries to sign in.', 'Wait a minute and use a new link.');
}

/** Spends a one-time sign-in code and begins a session. Throws RATE_LIMITED or SIGN_IN_LINK_INVALID. */
export async function spendSignInCode(
  db: Db,
  code: string,
  from: { address: string; userAgent: string; sessionId: string },
): Promise<{ id: string; name: string; sessionId: string }> {
  await countTry(db, from.address);
  const device = deviceOf(from.userAgent);
  const person = await signIn(db, { code, sessionId: from.sessionId, device });
  return { ...person, sessionId: from.sessionId };
}

/** Signs out: ends the session that a cookie names. What is no session is ignored, because there is nothing to end. */
export async function leave(db: Db, userId: unknown, sessionId: unknown): Promise<void> {
  if (typeof userId !== 'string' || !isSession(sessionId)) return;
  const person = await personBySession(db, sessionId);
  if (person?.id === userId) await endSession(db, userId, sessionId, { kind: 'human', name: person.name });
}

/** Null for what no browser of ours was given. */
function decoded(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}

function cookie(header: string | null, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const [key, ...value] = part.trim().split('=');
    if (key === name) return decoded(value.join('='));
  }
  return null;
}

const isSession = (sid: unknown): sid is string => z.uuid().safeParse(sid).success;

/** Who sent this request: by bearer token, else by the session cookie (which holds the session's id and nothing more). */
export async function viewerOf(
  db: Db,
  req: Pick<Request, 'headers'>,
  secret: string,
): Promise<Viewer | null> {
  const bearer = /^Bearer (\S{8,300})$/i.exec(req.headers.get('authorization') ?? '')?.[1];
  if (bearer) {
    const person = await personByToken(db, bearer);
    return person && { ...person, sessionId: null };
  }
  // A web server that was given no secret knows no sessions; a short one could be guessed and a session forged.
  if (secret.length < 32) return null;
  const token = cookie(req.headers.get('cookie'), sessionCookieName(process.env.PORT));
  if (!token) return null;
  const held = await decode({ token, secret }).catch(() => null);
  if (!isSession(held?.sid)) return null;
  const person = await personBySession(db, held.sid);
  return person && { ...person, scopes: null, sessionId: held.sid };
}
