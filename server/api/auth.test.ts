import { createHash, randomUUID } from 'node:crypto';
import { encode } from 'next-auth/jwt';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { leave, spendSignInCode, viewerOf } from './auth.ts';
import { sessionCookieName } from './session-cookie.ts';

const { db } = await testDatabase();
const secret = 'a secret of at least thirty-two characters';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const request = (headers: Record<string, string>) => ({ headers: new Headers(headers) });

const from = (address: string) => ({ address, userAgent: 'Firefox on X', sessionId: randomUUID() });

async function link(minutes = 15, userId = 'ceo'): Promise<string> {
  const code = randomUUID();
  await db.pool.query(
    `INSERT INTO sign_in_link(code_hash, user_id, expires_at) VALUES ($1, $3, now() + make_interval(mins => $2))`,
    [sha256(code), minutes, userId],
  );
  return code;
}

beforeAll(async () => {
  await db.pool.query(
    `INSERT INTO app_user(id, name, role) VALUES ('ceo', 'Alem', 'ceo'), ('bo', 'Bo', 'viewer')`,
  );
  await db.pool.query(`INSERT INTO api_token(hash, user_id, name) VALUES ($1, 'bo', 'laptop')`, [
    sha256('alai_token_of_bo'),
  ]);
});

describe('a one-time link', () => {
  it('signs in once, also when two browsers try at the same moment', async () => {
    const code = await link();
    const tries = await Promise.allSettled([
      spendSignInCode(db, code, from('a')),
      spendSignInCode(db, code, from('a')),
    ]);
    expect(tries.filter((t) => t.status === 'fulfilled')).toHaveLength(1);
    await expect(spendSignInCode(db, code, from('a'))).rejects.toMatchObject({
      code: 'SIGN_IN_LINK_INVALID',
    });
  });

  it('expires, and a guess opens nothing', async () => {
    const old = await link(-1);
    await expect(spendSignInCode(db, old, from('b'))).rejects.toMatchObject({ code: 'SIGN_IN_LINK_INVALID' });
    await expect(spendSignInCode(db, randomUUID(), from('b'))).rejects.toMatchObject({
      code: 'SIGN_IN_LINK_INVALID',
    });
  });

  it('cannot be tried for ever, and a try leaves no clock behind', async () => {
    await spendSignInCode(db, randomUUID(), from('c')).catch(() => {});
    const clocks = vi.spyOn(globalThis, 'setTimeout');
    const tries = await Promise.allSettled(
      Array.from({ length: 25 }, () => spendSignInCode(db, randomUUID(), from('flood'))),
    );
    const codes = tries.map((t) => (t.status === 'rejected' ? (t.reason as { code: string }).code : ''));
    expect(codes.filter((c) => c === 'RATE_LIMITED')).toHaveLength(5);
    // What a limiter clears every five minutes for as long as the process lives.
    expect(clocks.mock.calls.filter(([, ms]) => ms === 300_000)).toEqual([]);
    clocks.mockRestore();
  });
});

describe('who asks', () => {
  it('with a cookie that cannot be read is nobody', async () => {
    const broken = request({ cookie: `${sessionCookieName(process.env.PORT)}=%` });
    expect(await viewerOf(db, broken, secret)).toBeNull();
  });

  const signedIn = async (userId: string) => {
    const { sessionId } = await spendSignInCode(db, await link(15, userId), from(randomUUID()));
    return sessionId;
  };
  const cookie = async (sid: string, by = secret) =>
    request({
      cookie: `x=1; ${sessionCookieName(process.env.PORT)}=${await encode({ token: { sub: 'bo', sid }, secret: by })}`,
    });

  it('is known by the session, with the role as it is now', async () => {
    const mine = await cookie(await signedIn('bo'));
    expect(await viewerOf(db, mine, secret)).toMatchObject({ id: 'bo', role: 'viewer', scopes: null });
    await db.pool.query(`UPDATE app_user SET role = 'operator' WHERE id = 'bo'`);
    expect(await viewerOf(db, mine, secret)).toMatchObject({ role: 'operator' });
  });

  it('is nobody with a session that somebody else signed, or that never began', async () => {
    const sid = await signedIn('ceo');
    expect(
      await viewerOf(db, await cookie(sid, 'another secret of thirty-two characters'), secret),
    ).toBeNull();
    expect(await viewerOf(db, await cookie(sid, 'short'), 'short')).toBeNull();
    expect(await viewerOf(db, await cookie(randomUUID()), secret)).toBeNull();
    expect(await viewerOf(db, await cookie(`' OR 1=1`), secret)).toBeNull();
    expect(
      await viewerOf(db, request({ cookie: `${sessionCookieName(process.env.PORT)}=rubbish` }), secret),
    ).toBeNull();
  });

  it('is nobody after signing out, also with a copy of the cookie', async () => {
    const sid = await signedIn('bo');
    const mine = await cookie(sid);
    await leave(db, 'ceo', sid);
    expect(await viewerOf(db, mine, secret)).not.toBeNull();
    await leave(db, 'bo', sid);
    expect(await viewerOf(db, mine, secret)).toBeNull();
  });

  it('is known by an API token until it is revoked or its time is over', async () => {
    const bearer = request({ authorization: 'Bearer alai_token_of_bo' });
    expect(await viewerOf(db, bearer, secret)).toMatchObject({ id: 'bo', scopes: ['*'] });
    await db.pool.query(`UPDATE api_token SET expires_at = clock_timestamp() - interval '1 ms'`);
    expect(await viewerOf(db, bearer, secret)).toBeNull();
    await db.pool.query('UPDATE api_token SET expires_at = NULL, revoked_at = now()');
    expect(await viewerOf(db, bearer, secret)).toBeNull();
  });

  it('is nobody once disabled', async () => {
    const mine = await cookie(await signedIn('bo'));
    await db.pool.query(`UPDATE app_user SET disabled_at = now() WHERE id = 'bo'`);
    expect(await viewerOf(db, mine, secret)).toBeNull();
  });
});
