import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import { timing } from '#server/domain/timing.ts';
import { testDatabase } from '#test/database.ts';
import { plan, testFactory, work } from '#test/factory.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), 'alai-api-companies-'));
cpSync('companies', folder, { recursive: true });
writeFileSync(path.join(folder, 'Datavera/config.json'), '{');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const s = {
  db,
  timing: timing(0.1),
  catalogue: () => readCatalogue(folder),
  env: { ALAI_COMPANIES: folder },
} as unknown as Services;
const { companies } = createCallerFactory(appRouter)({
  viewer: { id: 'v', name: 'V', role: 'viewer', scopes: null, sessionId: null },
  s,
});

beforeAll(async () => {
  const factory = await testFactory(db);
  const { taskIds } = await factory.create([work('Draw', { plan: plan(['BUILD']) }), work('Paint')]);
  await factory.run(taskIds[0] as number);
});

test('the roster tells what each does, and what is wrong with whose files', async () => {
  const { companies: rows, problems } = await companies.list();
  expect(rows.length).toBe(16);
  expect(rows.find((c) => c.name === 'CodeCraft')).toMatchObject({
    status: 'active',
    load: { done: 1, queued: 1, running: 0, attempts: 1, successRate: 1 },
  });
  expect(rows.find((c) => c.name === 'Datavera')).toMatchObject({
    status: 'broken',
    domain: 'data',
    problems: 1,
  });
  expect(rows.find((c) => c.name === 'Proxima')).toMatchObject({ status: 'merged', mergedInto: 'Vizu' });
  expect(problems).toMatchObject([
    { file: 'companies/Datavera/config.json', remedy: expect.stringMatching(/\w/) },
  ]);
});

test('a company comes with its tasks, and each piece with its file', async () => {
  const view = await companies.get({ name: 'CodeCraft' });
  expect(view.tasks.map((t) => t.title)).toContain('Draw');
  expect(view.detail?.agents.map((a) => [a.role, a.writes, a.file])).toEqual([
    ['lead', false, 'companies/CodeCraft/agents/lead.yaml'],
    ['builder', true, 'companies/CodeCraft/agents/builder.yaml'],
    ['reviewer', false, 'companies/CodeCraft/agents/reviewer.yaml'],
  ]);
  for (const skill of view.detail?.skills ?? [])
    expect(skill.file).toMatch(/^companies\/(CodeCraft|_shared)\/skills\//);
  for (const { steps, files } of view.detail?.blueprints ?? [])
    for (const step of steps) expect(files).toContain(step.file);
});

test('a broken company is shown with its problem; an unknown one is refused', async () => {
  expect(await companies.get({ name: 'Datavera' })).toMatchObject({
    status: 'broken',
    detail: null,
    problemList: [{ file: 'companies/Datavera/config.json' }],
  });
  await expect(companies.get({ name: 'Nobody' })).rejects.toThrow('There is no company Nobody.');
});

test('a blueprint is found as a company resolves it, or by itself', async () => {
  const rows = await companies.blueprints({ company: 'Vizu' });
  const own = rows.find((r) => r.company === 'Vizu');
  expect(own).toBeDefined();
  const resolved = await companies.blueprint({ name: own?.name ?? '' });
  expect(resolved.files[0]).toBe(own?.file);
  expect(
    (await companies.blueprint({ name: 'minion-one-shot', company: 'Vizu' })).steps.length,
  ).toBeGreaterThan(1);
  await expect(companies.blueprint({ name: 'nothing' })).rejects.toThrow('There is no blueprint nothing.');
  await expect(companies.blueprint({ name: 'review', company: 'Nobody' })).rejects.toThrow(
    'There is no company',
  );
});
