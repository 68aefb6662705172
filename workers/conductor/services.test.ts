import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { Account } from '#server/domain/accounts.ts';
import { timing } from '#server/domain/timing.ts';
import { changeBreaker } from '#server/models/resilience/commands.ts';
import { readBreaker, SERVICE } from '#server/models/resilience/data.ts';
import { createLogger } from '#server/platform/logger.ts';
import { testDatabase } from '#test/database.ts';
import { probeServices } from './services.ts';

const { db } = await testDatabase();
const t = timing();
const log = createLogger('test');
const key = { host: SERVICE, model: 'mine' };
const account = (port: number): Account => ({
  kind: 'openai',
  base_url: `http://127.0.0.1:${port}/v1`,
  key_env: null,
  allow_private: true,
  offline: false,
  requests_per_minute: 60,
  tokens_per_minute: 60_000,
  context: 8_000,
  structured: 'schema',
  models: {},
});
const due = (code: string, offline: boolean) =>
  changeBreaker(db, key, 'test', (b) => ({
    ...b,
    ...{ state: 'OPEN', failures: 3, opens: 2, code, error: 'It failed', offline, suspect: null },
    ...{ probeAt: new Date(Date.now() - 60_000), probeBy: null },
  }));

it('a service that lists its models is let have the next call, and is not asked for them again; one that cannot rests longer', async () => {
  let lists = 0;
  const server = createServer((_, res) => {
    lists++;
    res.setHeader('content-type', 'application/json').end('{"object":"list","data":[{"id":"gpt"}]}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const look = () => probeServices(db, t, log, { mine: account(port) });
  const state = async () => (await readBreaker(db.pool, key)).breaker;

  await due('MODEL_TIMEOUT', false);
  await look();
  await look();
  expect(await state()).toMatchObject({ state: 'HALF_OPEN', opens: 2, code: 'MODEL_TIMEOUT' });
  expect(lists).toBe(1);

  await due('MODEL_UNREACHABLE', true);
  await look();
  expect(await state(), 'there was no way to it, and now there is').toMatchObject({ state: 'CLOSED' });

  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await due('MODEL_TIMEOUT', false);
  await look();
  expect(await state()).toMatchObject({ state: 'OPEN', opens: 3, code: 'MODEL_UNREACHABLE' });
});
