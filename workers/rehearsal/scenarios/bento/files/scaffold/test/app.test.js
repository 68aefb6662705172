import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HttpError, readJson, sendJson } from '../src/http.js';
import { findRoute } from '../src/router.js';
import { createRoutes } from '../src/routes.js';
import { startApp } from './helpers.js';

let app;
before(async () => {
  const echo = {
    method: 'POST',
    path: '/api/echo',
    handle: async ({ request, response }) => sendJson(response, 200, await readJson(request)),
  };
  const fail = {
    method: 'GET',
    path: '/api/refuse',
    handle: () => {
      throw new HttpError(418, 'I am a teapot.');
    },
  };
  app = await startApp({ routes: [...createRoutes(), echo, fail] });
});
after(() => app.stop());

test('the health endpoint answers', async () => {
  const { status, body } = await app.send('GET', '/api/health');
  assert.equal(status, 200);
  assert.deepEqual(body, { status: 'ok' });
});

test('an unknown path is 404, with a sentence', async () => {
  const { status, body } = await app.send('GET', '/api/nothing');
  assert.equal(status, 404);
  assert.equal(body.error, 'There is nothing here.');
});

test('files outside of public/ are never sent', async () => {
  for (const path of ['/..%2fpackage.json', '/%2e%2e/src/app.js', '/main.js%00.html']) {
    assert.equal((await app.send('GET', path)).status, 404, path);
  }
});

test('a JSON object is read, anything else is refused', async () => {
  assert.deepEqual((await app.send('POST', '/api/echo', { a: 1 })).body, { a: 1 });
  assert.equal((await app.send('POST', '/api/echo', [1])).status, 400);
  const broken = await fetch(`${app.url}/api/echo`, { method: 'POST', body: '{' });
  assert.equal(broken.status, 400);
});

test('a body over the limit is refused', async () => {
  const { status } = await app.send('POST', '/api/echo', { text: 'x'.repeat(70_000) });
  assert.equal(status, 413);
});

test('a refusal keeps its status and words', async () => {
  const { status, body } = await app.send('GET', '/api/refuse');
  assert.equal(status, 418);
  assert.equal(body.error, 'I am a teapot.');
});

test('routes match their parameters', () => {
  const handle = () => {};
  const routes = [{ method: 'GET', path: '/a/:id/b', handle }];
  assert.deepEqual(findRoute(routes, 'GET', '/a/7/b'), { handle, params: { id: '7' } });
  assert.equal(findRoute(routes, 'GET', '/a//b'), null);
  assert.equal(findRoute(routes, 'POST', '/a/7/b'), null);
});
