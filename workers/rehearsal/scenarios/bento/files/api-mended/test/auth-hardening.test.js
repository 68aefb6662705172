import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSessions } from '../src/auth/sessions.js';
import { createRoutes } from '../src/routes.js';
import { createServices } from '../src/services.js';
import { startApp } from './helpers.js';

let app;
let time = new Date('2026-11-21T10:00:00Z');
before(async () => {
  app = await startApp({ routes: createRoutes(createServices({ now: () => time })) });
});
after(() => app.stop());

test('no token is stored as it is', () => {
  const sessions = createSessions();
  const token = sessions.open(1);
  assert.equal(sessions.userOf(token), 1);
  assert.ok(!sessions.storedKeys().includes(token));
  sessions.close(token);
  assert.deepEqual(sessions.storedKeys(), []);
});

test('after five wrong passwords an account waits a quarter of an hour, and only that account', async () => {
  const person = (name) => ({ email: `${name}@example.no`, name, password: 'a long password' });
  for (const name of ['kari', 'ola']) await app.send('POST', '/api/users', person(name));
  const signIn = (name, password) => app.send('POST', '/api/session', { email: `${name}@example.no`, password });
  for (let i = 0; i < 5; i++) assert.equal((await signIn('kari', 'not this one')).status, 401);
  assert.equal((await signIn('kari', 'a long password')).status, 429);
  assert.equal((await signIn('ola', 'a long password')).status, 200);
  time = new Date(time.getTime() + 16 * 60_000);
  assert.equal((await signIn('kari', 'a long password')).status, 200);
});
