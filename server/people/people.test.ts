import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { testDatabase } from '#test/database.ts';
import {
  createToken,
  disablePerson,
  enablePerson,
  endOtherSessions,
  endSession,
  invite,
  newLink,
  revokeToken,
  setRole,
  signIn,
} from './commands.ts';
import { personBySession, personByToken, readPeople, readSessions, readTokens } from './data.ts';
import { deviceOf } from './policy.ts';

const { db } = await testDatabase();
const owner = { kind: 'human', name: 'Alem' } as const;

beforeEach(async () => {
  for (const table of ['session', 'sign_in_link', 'api_token', 'app_user'])
    await db.pool.query(`DELETE FROM ${table}`);
  await db.pool.query(`INSERT INTO app_user(id, name, role) VALUES ('ceo', 'Alem', 'ceo')`);
});

const invited = async (name: string, role: 'ceo' | 'operator' | 'viewer' = 'operator') => {
  const made = { userId: randomUUID(), code: randomUUID() };
  await invite(db, { name, role }, made, owner);
  return made;
};
const enter = async (code: string) => {
  const sessionId = randomUUID();
  await signIn(db, { code, sessionId, device: 'Firefox on macOS' });
  return sessionId;
};
const told = async () =>
  (
    await db.pool.query<{ type: string; to: string }>(
      `SELECT type, actor || coalesce(' ' || to_state, '') "to" FROM event WHERE entity = 'person' ORDER BY seq`,
    )
  ).rows;

describe('an invitation', () => {
  it('makes a person who comes in once by its link, and is told in the audit trail', async () => {
    const made = await invited('Bo');
    const before = await readPeople(db);
    expect(before[1]).toMatchObject({ name: 'Bo', role: 'operator', joinedAt: null, invitedBy: 'Alem' });
    expect(before[1]?.linkUntil?.getTime()).toBeGreaterThan(Date.now() + 71 * 3600_000);
    const session = await enter(made.code);
    expect(await personBySession(db, session)).toEqual({ id: made.userId, name: 'Bo', role: 'operator' });
    await expect(enter(made.code)).rejects.toMatchObject({ code: 'SIGN_IN_LINK_INVALID' });
    expect((await readPeople(db))[1]).toMatchObject({ sessions: 1, linkUntil: null });
    expect((await told()).slice(-2)).toEqual([
      { type: 'person.invite', to: 'Alem operator' },
      { type: 'session.begin', to: 'Bo' },
    ]);
  });

  it('is refused for a name that is taken, in whatever case', async () => {
    await expect(invited('aLEM')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('of which a new link was made opens nothing with the old one', async () => {
    const made = await invited('Bo');
    await newLink(db, made.userId, 'a fresh code', owner);
    await expect(enter(made.code)).rejects.toMatchObject({ code: 'SIGN_IN_LINK_INVALID' });
    await enter('a fresh code');
  });
});

describe('who is demoted or locked out', () => {
  it('has the new role at the next request', async () => {
    const made = await invited('Bo');
    const session = await enter(made.code);
    await setRole(db, made.userId, 'viewer', 'Left the team', owner);
    expect(await personBySession(db, session)).toMatchObject({ role: 'viewer' });
  });

  it('has no session, link or token that works, and needs a new link to come back', async () => {
    const made = await invited('Bo');
    const session = await enter(made.code);
    const input = { name: 'laptop', scopes: ['read' as const], days: null };
    await createToken(db, made.userId, input, 'alai_of_bo', owner);
    await newLink(db, made.userId, 'unused', owner);
    await disablePerson(db, made.userId, 'Lost laptop', owner);
    expect(await personBySession(db, session)).toBeNull();
    expect(await personByToken(db, 'alai_of_bo')).toBeNull();
    await expect(enter('unused')).rejects.toMatchObject({ code: 'SIGN_IN_LINK_INVALID' });
    await expect(newLink(db, made.userId, 'x', owner)).rejects.toMatchObject({ code: 'CONFLICT' });
    await enablePerson(db, made.userId, owner);
    expect(await personBySession(db, session)).toBeNull();
    expect(await personByToken(db, 'alai_of_bo')).toBeNull();
    await expect(enter('unused')).rejects.toMatchObject({ code: 'SIGN_IN_LINK_INVALID' });
    await newLink(db, made.userId, 'fresh', owner);
    expect(await personBySession(db, await enter('fresh'))).toMatchObject({ name: 'Bo' });
  });

  it('is never the last owner, also when two owners demote each other at once', async () => {
    await expect(setRole(db, 'ceo', 'viewer', '', owner)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(disablePerson(db, 'ceo', '', owner)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const other = await invited('Bo', 'ceo');
    const both = await Promise.allSettled([
      setRole(db, 'ceo', 'viewer', '', owner),
      disablePerson(db, other.userId, '', owner),
    ]);
    expect(both.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('one’s own sessions and tokens', () => {
  it('of somebody else are not found', async () => {
    const made = await invited('Bo');
    const session = await enter(made.code);
    const input = { name: 'x', scopes: ['read' as const], days: 1 };
    const { id } = await createToken(db, made.userId, input, 'alai_t', owner);
    await expect(endSession(db, 'ceo', session, owner)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(revokeToken(db, 'ceo', id, owner)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readSessions(db, 'ceo', null)).toEqual([]);
    expect(await readTokens(db, 'ceo')).toEqual([]);
  });

  it('end at once, all but the one that asks', async () => {
    const made = await invited('Bo');
    const first = await enter(made.code);
    await newLink(db, made.userId, 'two', owner);
    const second = await enter('two');
    expect(await readSessions(db, made.userId, second)).toMatchObject([
      { id: second, current: true, agent: 'Firefox on macOS' },
      { id: first, current: false },
    ]);
    expect(await endOtherSessions(db, made.userId, second, owner)).toBe(1);
    expect([await personBySession(db, first), await personBySession(db, second)]).toMatchObject([
      null,
      { name: 'Bo' },
    ]);
  });

  it('are kept as a hash: the text is nowhere in the database, its last four characters are', async () => {
    await createToken(
      db,
      'ceo',
      { name: 'ci', scopes: ['read', 'work'], days: 30 },
      'alai_secret_text',
      owner,
    );
    const all = JSON.stringify([
      (await db.pool.query('SELECT * FROM api_token')).rows,
      (await db.pool.query('SELECT * FROM event')).rows,
    ]);
    expect(all).not.toContain('alai_secret_text');
    const [token] = await readTokens(db, 'ceo');
    expect(token).toMatchObject({ ending: 'text', scopes: ['read', 'work'] });
    expect(await personByToken(db, 'alai_secret_text')).toMatchObject({ scopes: ['read', 'work'] });
    await revokeToken(db, 'ceo', token?.id as number, owner);
    expect(await personByToken(db, 'alai_secret_text')).toBeNull();
  });
});

it.each([
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Safari/604.1', 'Safari on iPhone'],
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/120 Safari/537 Edg/120', 'Edge on Windows'],
  ['curl/8.0', 'Unknown device'],
])('%s is called %s', (agent, name) => expect(deviceOf(agent)).toBe(name));
