import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRoutes } from '../src/routes.js';
import { createServices } from '../src/services.js';
import { startApp } from './helpers.js';

let app;
let kari;
let ola;
before(async () => {
  app = await startApp({ routes: createRoutes(createServices()) });
  const join = async (name) => {
    const body = { email: `${name}@example.no`, name, password: 'a long password' };
    const { headers } = await app.send('POST', '/api/users', body);
    return { cookie: headers.get('set-cookie').split(';')[0] };
  };
  kari = await join('kari');
  ola = await join('ola');
});
after(() => app.stop());

test('subscriptions need a signed-in customer', async () => {
  assert.equal((await app.send('GET', '/api/subscriptions')).status, 401);
  assert.equal((await app.send('POST', '/api/subscriptions', { plan: 'small' })).status, 401);
});

test('a customer chooses one plan, pauses, resumes and ends it', async () => {
  assert.equal((await app.send('POST', '/api/subscriptions', { plan: 'huge' }, kari)).status, 400);
  const { status, body } = await app.send('POST', '/api/subscriptions', { plan: 'regular' }, kari);
  assert.equal(status, 201);
  assert.equal(body.state, 'active');
  assert.equal((await app.send('POST', '/api/subscriptions', { plan: 'small' }, kari)).status, 409);
  const move = (name) => app.send('POST', `/api/subscriptions/${body.id}/${name}`, undefined, kari);
  assert.equal((await move('resume')).status, 409);
  assert.equal((await move('pause')).body.state, 'paused');
  assert.equal((await move('resume')).body.state, 'active');
  assert.ok((await move('end')).body.ended_at);
  assert.equal((await move('pause')).status, 409);
  assert.equal((await move('constructor')).status, 404);
});

test('one customer neither sees nor moves the subscription of another', async () => {
  const { body } = await app.send('POST', '/api/subscriptions', { plan: 'family' }, ola);
  assert.equal((await app.send('POST', `/api/subscriptions/${body.id}/end`, undefined, kari)).status, 404);
  const mine = await app.send('GET', '/api/subscriptions', undefined, kari);
  assert.ok(mine.body.every((s) => s.id !== body.id));
});
