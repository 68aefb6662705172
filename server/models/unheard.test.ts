import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { Account } from '#server/domain/accounts.ts';
import { unheardOf } from './unheard.ts';

const local = (port: number, key_env: string | null = null): Account => ({
  kind: 'openai',
  base_url: `http://127.0.0.1:${port}/v1`,
  key_env,
  allow_private: true,
  offline: true,
  requests_per_minute: 60,
  tokens_per_minute: 60_000,
  context: 8_000,
  structured: 'schema',
  models: {},
});

it('a service without a key counts only while it answers; one with a key is not asked', async () => {
  let asked = 0;
  const server = createServer((_, res) => {
    asked++;
    res.setHeader('content-type', 'application/json').end('{"object":"list","data":[]}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const accounts = { here: local(port), keyed: local(port, 'SOME_KEY'), gone: local(1) };
  let now = 0;
  const look = () => unheardOf(accounts, {}, () => now);
  expect([...(await look())]).toEqual(['gone']);
  await look();
  expect(asked, 'what was heard counts for a while').toBe(1);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  now = 60_000;
  expect([...(await look())]).toEqual(['here', 'gone']);
});
