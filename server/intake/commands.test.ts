import { beforeAll, describe, expect, it } from 'vitest';
import type { CreateTasks } from '#server/domain/views/new-task.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory } from '#test/factory.ts';
import { acceptTasks, type IntakePorts } from './commands.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db);
});
const ports: IntakePorts = {
  route: async (tasks) =>
    tasks.map((t) => ({
      route: route({
        held: /PSD2/.test(t.title) ? { pattern: 'regulated', reason: 'PSD2 is regulated.' } : null,
      }),
      plan: plan(),
    })),
  storeVersions: async () => {},
  project: async () => ({ id: 'p1' }),
};
const request = (
  tasks: { title: string; key?: string; dependsOn?: (string | number)[] }[],
  over: Partial<CreateTasks> = {},
): CreateTasks =>
  ({
    idempotencyKey: crypto.randomUUID(),
    project: 'p1',
    pipelineTitle: null,
    tasks,
    ...over,
  }) as CreateTasks;
const accept = (r: CreateTasks) => acceptTasks(db, f.publisher, r, ceo, ports);

describe('intake', () => {
  it('accepts a request once, however often it arrives, also at the same time', async () => {
    const r = request([{ title: 'Weekly menu emails' }]);
    const [a, b] = await Promise.all([accept(r), accept(r)]);
    expect(b).toEqual(a);
    expect(await accept(r)).toEqual(a);
    await expect(accept({ ...r, pipelineTitle: 'Other' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('refuses empty and endless titles, unknown keys and rings, and writes nothing', async () => {
    const count = async () => (await db.pool.query('SELECT count(*)::int n FROM task')).rows[0].n;
    const before = await count();
    await expect(accept(request([{ title: '   ' }]))).rejects.toMatchObject({ code: 'TITLE_EMPTY' });
    await expect(accept(request([{ title: 'x'.repeat(100_000) }]))).rejects.toMatchObject({
      code: 'TITLE_TOO_LONG',
    });
    await expect(accept(request([{ title: 'A', dependsOn: ['nobody'] }]))).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    await expect(accept(request([{ title: 'A', dependsOn: [999_999] }]))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(
      accept(
        request([
          { title: 'A', key: 'a', dependsOn: ['b'] },
          { title: 'B', key: 'b', dependsOn: ['a'] },
        ]),
      ),
    ).rejects.toMatchObject({
      code: 'DEPENDENCY_CYCLE',
      message: expect.stringContaining('"A" -> "B" -> "A"'),
    });
    expect(await count()).toBe(before);
  });

  it('holds what matches a safety rule before any agent sees it', async () => {
    const { taskIds } = await accept(request([{ title: 'Approve the PSD2 go-live' }]));
    expect((await f.task(taskIds[0] as number)).status).toBe('NEEDS_HUMAN');
    expect(f.published.some((d) => d.taskId === taskIds[0])).toBe(false);
  });

  it('leaves a task without a project in the Inbox', async () => {
    const { taskIds } = await accept(request([{ title: 'Somewhere, some day' }], { project: null }));
    expect((await f.task(taskIds[0] as number)).status).toBe('OPEN');
  });
});
