import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hashPassword, verifyPassword } from '../src/auth/passwords.js';
import { createSessions } from '../src/auth/sessions.js';
import { createRoutes } from '../src/routes.js';
import { createServices } from '../src/services.js';
import { startApp } from './helpers.js';

const kari = { email: 'Kari@Example.no', name: 'Kari', password: 'a long password' };
const cookieOf = (answer) => answer.headers.get('set-cookie').split(';')[0];
let app;
before(async () => {
  app = await startApp({ routes: createRoutes(createServices()) });
});
after(() => app.stop());

test('a customer registers, is known, signs out and in again', async () => {
  const registered = await app.send('POST', '/api/users', kari);
  assert.equal(registered.status, 201);
  assert.deepEqual(registered.body, { id: 1, email: 'kari@example.no', name: 'Kari' });
  const cookie = cookieOf(registered);
  assert.equal((await app.send('GET', '/api/me', undefined, { cookie })).body.name, 'Kari');
  await app.send('DELETE', '/api/session', undefined, { cookie });
  assert.equal((await app.send('GET', '/api/me', undefined, { cookie })).status, 401);
  const again = await app.send('POST', '/api/session', { email: kari.email, password: kari.password });
  assert.equal((await app.send('GET', '/api/me', undefined, { cookie: cookieOf(again) })).status, 200);
});

test('the cookie is out of reach of scripts and other sites', async () => {
  const { headers } = await app.send('POST', '/api/session', { email: kari.email, password: kari.password });
  assert.match(headers.get('set-cookie'), /HttpOnly; SameSite=Strict; Secure/);
});

test('a wrong password and an unknown address answer the same', async () => {
  const wrong = await app.send('POST', '/api/session', { email: kari.email, password: 'not this one' });
  const unknown = await app.send('POST', '/api/session', { email: 'ola@example.no', password: 'not this one' });
  assert.equal(wrong.status, 401);
  assert.deepEqual(wrong.body, unknown.body);
});

test('bad input is refused with a reason', async () => {
  const bad = [{ ...kari, email: 'kari' }, { ...kari, name: ' ' }, { ...kari, password: 'short' }];
  for (const body of bad) assert.equal((await app.send('POST', '/api/users', body)).status, 400);
  assert.equal((await app.send('POST', '/api/users', kari)).status, 409);
});

test('passwords are stored as salted hashes', async () => {
  const hash = await hashPassword('a long password');
  assert.notEqual(hash, await hashPassword('a long password'));
  assert.equal(await verifyPassword('a long password', hash), true);
  assert.equal(await verifyPassword('another password', hash), false);
});

test('a session ends after thirty days', () => {
  let time = new Date('2026-11-01T00:00:00Z');
  const sessions = createSessions({ now: () => time });
  const token = sessions.open(7);
  assert.equal(sessions.userOf(token), 7);
  time = new Date('2026-12-02T00:00:00Z');
  assert.equal(sessions.userOf(token), null);
});
