import { createHash, randomUUID } from 'node:crypto';
import { encode } from 'next-auth/jwt';
import { beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { spendSignInCode, viewerOf } from './auth.ts';
import { sessionCookieName } from './session-cookie.ts';

const { db } = await testDatabase();
const secret = 'a secret of at least thirty-two characters';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const request = (headers: Record<string, string>) => ({ headers: new Headers(headers) });

async function link(minutes = 15): Promise<string> {
  const code = randomUUID();
  await db.pool.query(
    `INSERT INTO sign_in_link(code_hash, user_id, expires_at) VALUES ($1, 'ceo', now() + make_interval(mins => $2))`,
    [sha256(code), minutes],
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
    const tries = await Promise.allSettled([spendSignInCode(db, code, 'a'), spendSignInCode(db, code, 'a')]);
    expect(tries.filter((t) => t.status === 'fulfilled')).toHaveLength(1);
    await expect(spendSignInCode(db, code, 'a')).rejects.toMatchObject({ code: 'SIGN_IN_LINK_INVALID' });
  });

  it('expires, and a guess opens nothing', async () => {
    const old = await link(-1);
    await expect(spendSignInCode(db, old, 'b')).rejects.toMatchObject({ code: 'SIGN_IN_LINK_INVALID' });
    await expect(spendSignInCode(db, randomUUID(), 'b')).rejects.toMatchObject({
      code: 'SIGN_IN_LINK_INVALID',
    });
  });

  it('cannot be tried for ever', async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 25 }, () => spendSignInCode(db, randomUUID(), 'flood')),
    );
    const codes = tries.map((t) => (t.status === 'rejected' ? (t.reason as { code: string }).code : ''));
    expect(codes.filter((c) => c === 'RATE_LIMITED')).toHaveLength(5);
  });
});

describe('who asks', () => {
  const cookie = async (sub: string, by = secret) =>
    request({
      cookie: `x=1; ${sessionCookieName(process.env.PORT)}=${await encode({ token: { sub }, secret: by })}`,
    });

  it('is known by the session, with the role as it is now', async () => {
    const mine = await cookie('bo');
    expect(await viewerOf(db, mine, secret)).toMatchObject({ id: 'bo', role: 'viewer' });
    await db.pool.query(`UPDATE app_user SET role = 'operator' WHERE id = 'bo'`);
    expect(await viewerOf(db, mine, secret)).toMatchObject({ role: 'operator' });
  });

  it('is nobody with a session that somebody else signed', async () => {
    expect(
      await viewerOf(db, await cookie('ceo', 'another secret of thirty-two characters'), secret),
    ).toBeNull();
    expect(await viewerOf(db, await cookie('ceo', 'short'), 'short')).toBeNull();
    expect(
      await viewerOf(db, request({ cookie: `${sessionCookieName(process.env.PORT)}=rubbish` }), secret),
    ).toBeNull();
  });

  it('is known by an API token until it is revoked', async () => {
    const bearer = request({ authorization: 'Bearer alai_token_of_bo' });
    expect(await viewerOf(db, bearer, secret)).toMatchObject({ id: 'bo' });
    await db.pool.query('UPDATE api_token SET revoked_at = now()');
    expect(await viewerOf(db, bearer, secret)).toBeNull();
  });

  it('is nobody once disabled', async () => {
    const mine = await cookie('bo');
    await db.pool.query(`UPDATE app_user SET disabled_at = now() WHERE id = 'bo'`);
    expect(await viewerOf(db, mine, secret)).toBeNull();
  });
});
