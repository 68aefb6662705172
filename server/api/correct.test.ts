import { expect, test } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import { timing } from '#server/domain/timing.ts';
import { testDatabase } from '#test/database.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const s = {
  db,
  timing: timing(0.1),
  catalogue: () => readCatalogue('companies'),
  env: { ALAI_TIMING_SCALE: 0.1 },
  queue: { add: async () => {}, publish: async () => {} },
} as unknown as Services;
const api = createCallerFactory(appRouter)({
  viewer: { id: 'a', name: 'Alem', role: 'operator', scopes: null, sessionId: null },
  s,
});

async function add(title: string): Promise<number> {
  const { taskIds } = await api.tasks.create({
    idempotencyKey: crypto.randomUUID(),
    project: null,
    pipelineTitle: null,
    tasks: [{ title }],
  } as never);
  return taskIds[0] as number;
}

test('a corrected route is done, remembered, offered for similar tasks, and forgotten', async () => {
  const first = await add('Loyalty points for the lunch club');
  expect((await api.tasks.get({ id: first })).route?.company).not.toBe('Vizu');
  expect(await api.routing.correct({ taskId: first, company: 'Vizu', complexity: 3 })).toEqual({
    applied: true,
  });
  const { route } = await api.tasks.get({ id: first });
  expect(route).toMatchObject({ company: 'Vizu', complexity: 3 });
  expect(route?.reasons.join('\n')).toMatch(/Vizu: chosen by hand[\s\S]*Complexity 3: chosen by hand/);

  const preview = async (title: string) =>
    (await api.routing.preview({ tasks: [{ title }], projectId: null }))[0];
  const similar = await preview('Loyalty points for the dinner club');
  expect(similar?.suggestion).toMatchObject({
    company: 'Vizu',
    text: expect.stringContaining('You sent a similar task to Vizu: use Vizu?'),
    taskIds: [first],
  });
  // Offered, not done.
  expect(similar?.route.company).not.toBe('Vizu');
  expect((await preview('Nightly backup of the database'))?.suggestion).toBeNull();

  const second = await add('Loyalty points for the breakfast club');
  expect((await api.routing.suggestion({ taskId: second }))?.company).toBe('Vizu');
  expect((await api.routing.suggestion({ taskId: first }))?.company).toBeUndefined();
  await api.routing.correct({ taskId: second, company: 'Vizu' });
  expect((await preview('Loyalty points for the dinner club'))?.suggestion?.text).toMatch(
    /^You sent 2 similar tasks to Vizu/,
  );

  const all = await api.routing.corrections();
  expect(all.map((c) => [c.taskId, c.toCompany, c.actor])).toEqual([
    [second, 'Vizu', 'Alem'],
    [first, 'Vizu', 'Alem'],
  ]);
  for (const { id } of all) await api.routing.forget({ id });
  expect((await preview('Loyalty points for the dinner club'))?.suggestion).toBeNull();
});

test('what cannot be is refused by name, and nothing is remembered', async () => {
  const id = await add('Loyalty points');
  await expect(api.routing.correct({ taskId: id, company: 'Initech' })).rejects.toThrow(/Initech/);
  await expect(api.routing.correct({ taskId: id })).rejects.toThrow(/neither a company nor a complexity/);
  await expect(api.routing.correct({ taskId: 999_999, company: 'Vizu' })).rejects.toThrow(/999999/);
  await expect(api.routing.forget({ id: 999_999 })).rejects.toThrow(/no correction/);
  expect(await api.routing.corrections()).toEqual([]);
});

test('a merged company stands for its heir', async () => {
  const id = await add('Loyalty stamps');
  await api.routing.correct({ taskId: id, company: 'Proxima' });
  expect((await api.tasks.get({ id })).route?.company).toBe('Vizu');
});
