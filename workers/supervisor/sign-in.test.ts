import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { spendSignInCode, viewerOf } from '#server/api/auth.ts';
import { testDatabase } from '#test/database.ts';
import { prepareSignIn } from './database.ts';

const { db, url } = await testDatabase();
const from = (address: string) => ({ address, userAgent: '', sessionId: randomUUID() });
const token = 'alai_test-token-of-this-machine';

it('a sign-in link lets its owner in once, and never after its time', async () => {
  const code = await prepareSignIn(url, token);
  const both = await Promise.allSettled([
    spendSignInCode(db, code, from('a')),
    spendSignInCode(db, code, from('b')),
  ]);
  expect(both.map((r) => r.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(both.find((r) => r.status === 'fulfilled')).toMatchObject({ value: { name: 'CEO' } });
  const late = await prepareSignIn(url, token);
  await db.pool.query(`UPDATE sign_in_link SET expires_at = now() - interval '1 ms' WHERE used_at IS NULL`);
  await expect(spendSignInCode(db, late, from('c'))).rejects.toMatchObject({ code: 'SIGN_IN_LINK_INVALID' });
  const { rows } = await db.pool.query('SELECT code_hash FROM sign_in_link');
  expect(JSON.stringify(rows)).not.toContain(late);
});

it('the local token is its owner until it is revoked, and a disabled person is nobody', async () => {
  const who = () =>
    viewerOf(db, { headers: new Headers({ authorization: `Bearer ${token}` }) }, 'x'.repeat(32));
  expect(await who()).toMatchObject({ role: 'ceo' });
  await db.pool.query(`UPDATE app_user SET disabled_at = now()`);
  expect(await who()).toBeNull();
  await db.pool.query(`UPDATE app_user SET disabled_at = NULL`);
  await db.pool.query(`UPDATE api_token SET revoked_at = now()`);
  expect(await who()).toBeNull();
});
