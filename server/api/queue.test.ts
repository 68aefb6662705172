import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import { escalationDigest } from '#server/engine/escalation.ts';
import { testDatabase } from '#test/database.ts';
import { route, testFactory, work } from '#test/factory.ts';
import type { Viewer } from './auth.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const s = { db, timing: timing(1) } as unknown as Services;
const alem: Viewer = { id: 'alem', name: 'Alem', role: 'ceo', scopes: null, sessionId: null };
const api = createCallerFactory(appRouter)({ viewer: alem, s }).queue;
const f = await testFactory(db);
const held = route({ held: { pattern: 'regulated', reason: 'A regulated service.' } });

async function ask(n: number) {
  const { taskIds } = await f.create(
    Array.from({ length: n }, (_, i) => work(`Launch ${i}`, { route: held })),
  );
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT id FROM escalation WHERE task_id = ANY($1) ORDER BY id`,
    [taskIds],
  );
  return await Promise.all(
    rows.map(async ({ id }) => ({ id, digest: (await escalationDigest(db.pool, id)) as string })),
  );
}
const states = async (ids: number[]) =>
  (
    await db.pool.query<{ state: string }>('SELECT state FROM escalation WHERE id = ANY($1) ORDER BY id', [
      ids,
    ])
  ).rows.map((r) => r.state);

describe('one answer to several questions', () => {
  it('is taken or refused for each by itself, bound to what was seen of it', async () => {
    const [a, b, c] = (await ask(3)) as [
      { id: number; digest: string },
      { id: number; digest: string },
      { id: number; digest: string },
    ];
    await api.decide({ ...b, answer: 'approve', note: '' });
    const results = await api.decideMany({
      items: [a, b, { ...c, digest: 'of something else' }],
      answer: 'reject',
      note: 'Not this year',
    });
    expect(results.map((r) => [r.id, r.effectiveAt !== null, r.refusal?.code ?? null])).toEqual([
      [a.id, true, null],
      [b.id, false, 'ALREADY_DECIDED'],
      [c.id, false, 'DIGEST_CHANGED'],
    ]);
    expect(results[1]?.refusal?.message).toBe('Alem has answered this already: approved.');
    expect(await states([a.id, b.id, c.id])).toEqual(['PENDING', 'PENDING', 'OPEN']);
  });
});

describe('a reason', () => {
  it('of five megabytes is refused by its length, and nothing is decided', async () => {
    const [e] = (await ask(1)) as [{ id: number; digest: string }];
    await expect(api.decide({ ...e, answer: 'reject', note: 'x'.repeat(5_000_000) })).rejects.toMatchObject({
      message: expect.stringContaining('4,000 characters'),
    });
    expect(await states([e.id])).toEqual(['OPEN']);
  });
  it('keeps smileys and right-to-left text as they were written', async () => {
    const [e] = (await ask(1)) as [{ id: number; digest: string }];
    const note = 'لا، ليس الآن 👩‍🚀';
    await api.decide({ ...e, answer: 'reject', note });
    expect(await api.get({ id: e.id })).toMatchObject({ pending: { note } });
  });
});

it('a question that never was is not found, whatever is wished of it', async () => {
  for (const wish of [
    () => api.undo({ id: 999_999 }),
    () => api.assign({ id: 999_999, to: null }),
    () => api.decide({ id: 999_999, answer: 'approve', note: '', digest: 'x' }),
    () => api.get({ id: 999_999 }),
  ])
    await expect(wish()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('a link never decides: an answer by GET is refused', async () => {
  const [e] = (await ask(1)) as [{ id: number; digest: string }];
  const input = JSON.stringify(superjson.serialize({ ...e, answer: 'approve', note: '' }));
  for (const procedure of [
    'queue.decide',
    'queue.undo',
    'queue.assign',
    'queue.acceptRule',
    'queue.decideMany',
  ]) {
    const answer = await fetchRequestHandler({
      endpoint: '/api/trpc',
      req: new Request(`http://localhost/api/trpc/${procedure}?input=${encodeURIComponent(input)}`),
      router: appRouter,
      allowMethodOverride: true,
      createContext: () => ({ viewer: alem, s }),
    });
    expect([procedure, answer.status]).toEqual([procedure, 405]);
  }
  expect(await states([e.id])).toEqual(['OPEN']);
});
