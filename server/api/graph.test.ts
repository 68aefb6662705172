import { expect, test } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import { timing } from '#server/domain/timing.ts';
import { invariants } from '#server/engine/invariants.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const f = await testFactory(db, { slots: 20 });
const s = {
  db,
  timing: timing(0.1),
  catalogue: () => readCatalogue('companies'),
  env: { ALAI_TIMING_SCALE: 0.1 },
  queue: f.publisher,
} as unknown as Services;
const api = createCallerFactory(appRouter)({
  viewer: { id: 'a', name: 'Alem', role: 'operator', scopes: null, sessionId: null },
  s,
});
const loose = { plan: null, steps: ['work'] };
const reason = 'we forgot it';

test('a task is added before and after a node, once, in the same pipeline, and says why', async () => {
  const { pipelineId, taskIds } = await f.create([work('Schema', loose), work('Site', loose)]);
  const [schema, site] = taskIds as [number, number];
  const add = (where: 'before' | 'after', taskId: number, key: string) =>
    api.graph.add({ taskId, where, title: `Look at it ${where}`, reason, idempotencyKey: key });

  const after = await add('after', schema, 'key-after');
  expect(await add('after', schema, 'key-after')).toEqual(after);
  const before = await add('before', site, 'key-before');
  const view = await api.pipelines.get({ id: pipelineId });
  expect(view.nodes.filter((n) => !n.planned).map((n) => n.taskId)).toEqual(
    expect.arrayContaining([schema, site, after.taskId, before.taskId]),
  );
  expect((await api.tasks.get({ id: after.taskId })).dependsOn.map((d) => d.id)).toEqual([schema]);
  expect((await api.tasks.get({ id: site })).dependsOn.map((d) => d.id)).toEqual([before.taskId]);
  const told = await api.tasks.timeline({ id: after.taskId });
  expect(told).toContainEqual(
    expect.objectContaining({ title: `Added after #${schema} by Alem`, detail: reason }),
  );
  expect(await invariants(db.pool, false)).toEqual([]);
});

test('nothing is added before what has begun, and then nothing is left behind', async () => {
  const { pipelineId, taskIds } = await f.create([work('Running', loose)]);
  const running = taskIds[0] as number;
  await f.take(running);
  const wish = { taskId: running, where: 'before' as const, title: 'Too late', reason };
  await expect(api.graph.add({ ...wish, idempotencyKey: 'key-late' })).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  expect((await api.pipelines.get({ id: pipelineId })).nodes).toHaveLength(1);
  await expect(api.graph.add({ ...wish, reason: ' ', idempotencyKey: 'key-none' })).rejects.toThrow(/reason/);
});

test('numbers that do not exist answer as not found', async () => {
  for (const wish of [
    () => api.graph.skip({ taskId: 999_999, reason }),
    () => api.graph.rerun({ taskId: 999_999, mode: 'only', reason }),
    () => api.graph.reorder({ taskId: 999_999, waitsFor: [], seen: [], reason }),
    () => api.graph.skipStage({ chainId: 999_999, stage: 'DOCS', reason }),
    () => api.pipelines.log({ id: 999_999, after: 0 }),
  ])
    await expect(wish()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('the history is of what agents did, by stage and company', async () => {
  const { taskIds } = await f.create([work('One', loose), work('Two', loose)]);
  for (const id of taskIds) await f.run(id);
  const history = await api.pipelines.history();
  expect(history).toContainEqual(expect.objectContaining({ stage: null, company: 'CodeCraft', n: 2 }));
  for (const h of history) expect(h.lowMs).toBeLessThanOrEqual(h.highMs);
});
