import { expect, it } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { testFactory } from '#test/factory.ts';
import type { Viewer } from './auth.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const viewer: Viewer = { id: 'u1', name: 'Alem', role: 'operator', scopes: null, sessionId: null };
const api = createCallerFactory(appRouter)({ viewer, s: { db } as unknown as Services });

it('how accepted work lands is chosen for a project that is there, and told', async () => {
  await testFactory(db);
  expect(await api.projects.list()).toMatchObject([{ id: 'p1', merge: 'merge-commit' }]);
  await api.projects.set({ id: 'p1', merge: 'branch' });
  expect(await api.projects.list()).toMatchObject([{ id: 'p1', merge: 'branch' }]);
  const { rows } = await db.pool.query(`SELECT actor, data FROM event WHERE type = 'project.edited'`);
  expect(rows).toEqual([{ actor: 'Alem', data: { merge: 'branch' } }]);
  await expect(api.projects.set({ id: 'p2', merge: 'branch' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('commands without a sandbox are allowed by somebody, in a project that is there, and the trail says who', async () => {
  const owner = createCallerFactory(appRouter)({
    viewer: { ...viewer, name: 'Vida', role: 'ceo' },
    s: { db } as unknown as Services,
  });
  await owner.projects.allowUnsandboxed({ id: 'p1' });
  const { rows } = await db.pool.query(
    `SELECT data FROM event WHERE type = 'project.edited' AND actor = 'Vida'`,
  );
  expect(rows).toEqual([{ data: { unsandboxed: true } }]);
  await expect(owner.projects.allowUnsandboxed({ id: 'p2' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
