import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { securityHeaders } from '../src/security-headers.js';
import { startApp } from './helpers.js';

let app;
before(async () => {
  app = await startApp();
});
after(() => app.stop());

for (const path of ['/api/health', '/', '/api/nothing']) {
  test(`${path} carries every security header`, async () => {
    const { headers } = await app.send('GET', path);
    for (const [name, value] of Object.entries(securityHeaders)) assert.equal(headers.get(name), value, name);
  });
}

test('scripts and frames are limited to our own origin', () => {
  const policy = securityHeaders['content-security-policy'];
  assert.match(policy, /default-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
});
