import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import { timing } from '#server/domain/timing.ts';
import { declareHosts, writeProbe } from '#server/engine/hosts.ts';
import { testDatabase } from '#test/database.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), 'alai-fleet-api-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const s = {
  db,
  timing: timing(0.1),
  queue: { publish: async () => {} },
  catalogue: () => readCatalogue(folder),
} as unknown as Services;
const as = (role: 'viewer' | 'operator') =>
  createCallerFactory(appRouter)({
    viewer: { id: role, name: role, role, scopes: null, sessionId: null },
    s,
  });

beforeAll(async () => {
  cpSync('companies', folder, { recursive: true });
  const host = {
    local: true,
    ollama: null,
    llamaServer: null,
    standBy: null,
    lanes: {},
    models: [],
    slots: 2,
  };
  await declareHosts(
    db,
    [
      { ...host, name: 'anvil', label: 'ANVIL', memoryGb: 96 },
      { ...host, name: 'forge', label: 'FORGE', memoryGb: 256 },
    ],
    1_000,
  );
  await writeProbe(db, 'forge', {
    reachable: true,
    version: '1',
    ms: 1,
    problem: null,
    models: [
      { name: 'qwen3:8b', bytes: 5e9 },
      { name: 'extra:1b', bytes: 1e9 },
    ],
    loaded: [],
    scripted: false,
  });
});

it('lets a viewer look and an operator act, on one host or on each', async () => {
  expect((await as('viewer').fleet.get()).hosts.map((h) => h.name)).toEqual(['anvil', 'forge']);
  await expect(as('viewer').factory.steer({ host: 'forge', act: 'pause' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  const operator = as('operator');
  expect(await operator.factory.steer({ host: 'forge', act: 'pause', reason: 'x' })).toEqual({
    changed: ['forge'],
  });
  expect(await operator.factory.steer({ host: null, act: 'pause' })).toEqual({ changed: ['anvil'] });
  expect(await operator.factory.steer({ host: null, act: 'resume' })).toEqual({
    changed: ['anvil', 'forge'],
  });
});

it('asks again before a model goes that a tier needs, and not for one that nobody needs', async () => {
  const operator = as('operator');
  const forge = (await operator.fleet.get()).hosts.find((h) => h.name === 'forge');
  expect(forge?.models.map((m) => [m.name, m.neededBy])).toEqual([
    ['qwen3:8b', ['tier 1 (local small)']],
    ['extra:1b', []],
  ]);
  await expect(operator.fleet.remove({ host: 'forge', model: 'qwen3:8b' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'qwen3:8b on FORGE is needed by tier 1 (local small).',
  });
  const { id } = await operator.fleet.remove({ host: 'forge', model: 'extra:1b' });
  expect(await operator.fleet.job({ id })).toMatchObject({
    act: 'remove',
    state: 'QUEUED',
    askedBy: 'operator',
  });
  expect(await operator.fleet.cancel({ id })).toEqual({ changed: true });
});

it('refuses what is no name of a model, and names the hosts there are', async () => {
  await expect(as('operator').fleet.pull({ host: 'forge', model: '../etc' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
  await expect(as('operator').fleet.pull({ host: 'smithy', model: 'a:1b' })).rejects.toMatchObject({
    message: 'There is no host smithy.',
  });
});

it('says what is wrong in the files while the fleet goes on', async () => {
  expect((await as('viewer').fleet.get()).problems).toEqual([]);
  const file = path.join(folder, '_shared/fleet.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('stand_by: anvil', 'stand_by: avnil'));
  await vi.waitFor(
    async () =>
      expect((await as('viewer').fleet.get()).problems).toMatchObject([
        { file: 'companies/_shared/fleet.yaml', message: expect.stringContaining('no host avnil') },
      ]),
    { timeout: 15_000, interval: 100 },
  );
  expect((await as('viewer').fleet.get()).hosts).toHaveLength(2);
});
