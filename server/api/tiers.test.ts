import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import { timing } from '#server/domain/timing.ts';
import { registerWorker } from '#server/engine/hosts.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import { previewRoutes } from './compose.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const s = {
  db,
  // The hosts of these tests are heard of once, and stay so however slow the machine is.
  timing: timing(60),
  env: { ALAI_TIMING_SCALE: 1 },
  catalogue: readCatalogue,
} as unknown as Services;
const as = (role: 'ceo' | 'viewer') =>
  createCallerFactory(appRouter)({
    viewer: { id: role, name: role, role, scopes: null, sessionId: null },
    s,
  }).tiers;
const KIND = 'BUILD feature';
const task = { title: 'Add a filter to the report list', description: '', tags: [] };
const routed = async () => (await previewRoutes(s, [task], null))[0]?.route;

/** Ten attempts on each tier: the second does nearly all of it, the third costs ten times as much. */
beforeAll(async () => {
  const factory = await testFactory(db);
  const { taskIds } = await factory.create([work('Figures')]);
  const add = (tier: number, count: number, ok: number, eur: number) =>
    db.pool.query(
      `INSERT INTO attempt(task_id, generation, n, host, slot, worker_id, state, tier, model, worktree, cost_eur, started_at, ended_at, lease_until, deadline)
       SELECT $1, 99, g + $2 * 100, 'FORGE', 1, (SELECT id FROM worker LIMIT 1), CASE WHEN g <= $4 THEN 'SUCCEEDED' ELSE 'FAILED' END,
         $2, 'm', '', $5, now() - interval '1 minute', now(), now(), now() FROM generate_series(1, $3::int) g`,
      [taskIds[0], tier, count, ok, eur],
    );
  const models = ['qwen3:8b', 'qwen2.5-coder:32b'];
  const facts = { slots: 2, memoryGb: null, models, scripted: true, sandbox: 'none' };
  for (const name of ['anvil', 'forge'])
    await registerWorker(db, factory.publisher, { id: randomUUID(), pid: 1, host: { name, ...facts } });
  await add(2, 10, 10, 0.01);
  await add(3, 20, 20, 0.1);
  // An outage says nothing of the tier it fell into.
  await db.pool.query(
    `INSERT INTO attempt(task_id, generation, n, host, slot, worker_id, state, error_code, tier, model, worktree, ended_at, lease_until, deadline)
     SELECT $1, 98, g, 'FORGE', 1, (SELECT id FROM worker LIMIT 1), 'FAILED', 'MODEL_BUSY', 2, 'm', '', now(), now(), now() FROM generate_series(1, 40) g`,
    [taskIds[0]],
  );
});

describe('where work begins', () => {
  it('is suggested by the figures, followed by one word, and no more suggested then', async () => {
    const before = await as('ceo').get();
    const suggestion = before.suggestions.find((x) => x.kind === KIND);
    expect(suggestion).toMatchObject({ from: 3, to: 2 });
    const because = suggestion?.because ?? '';
    await as('ceo').begin({ kind: KIND, insteadOf: 3, tier: 2, because });
    const after = await as('ceo').get();
    expect(after.suggestions.filter((x) => x.kind === KIND)).toEqual([]);
    expect(after.starts).toMatchObject([{ kind: KIND, insteadOf: 3, tier: 2, because, setBy: 'ceo' }]);
    const { rows } = await db.pool.query(`SELECT actor, reason FROM event WHERE type = 'tier.start'`);
    expect(rows).toEqual([{ actor: 'ceo', reason: because }]);
    await as('ceo').begin({ kind: KIND, insteadOf: 3, tier: null });
    expect((await as('ceo').get()).starts).toEqual([]);
  });

  it('counts for the next task, and no longer when it is taken back', async () => {
    const was = await routed();
    const [kind, insteadOf, tier] = [`BUILD ${was?.type}`, was?.tier ?? 0, was?.tier === 1 ? 2 : 1];
    await as('ceo').begin({ kind, insteadOf, tier });
    expect((await routed())?.tier).toBe(tier);
    await as('ceo').begin({ kind, insteadOf, tier: null });
    expect((await routed())?.tier).toBe(insteadOf);
  });

  it('is chosen by whom it is given to, and only among what there is', async () => {
    const input = { kind: KIND, insteadOf: 3, tier: 2 };
    await expect(as('viewer').begin(input)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(as('ceo').begin({ ...input, kind: 'BUILD nonsense' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    await expect(as('ceo').begin({ ...input, tier: 3 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(as('ceo').begin({ ...input, tier: 7 })).rejects.toThrow(/There is no tier 7/);
  });

  it('is said to be impossible now where no host can serve it, and done all the same by who means it', async () => {
    const unserved = (await as('ceo').get()).tiers.filter((t) => t.unserved);
    expect(unserved.map((t) => t.tier)).toContain(4);
    expect(unserved[0]?.unserved).toContain('Until then such work begins on tier');
    const input = { kind: KIND, insteadOf: 3, tier: 4 };
    await expect(as('ceo').begin(input)).rejects.toThrow(/No host can serve tier 4 now/);
    expect((await as('ceo').get()).starts).toEqual([]);
    await as('ceo').begin({ ...input, force: true });
    expect((await as('ceo').get()).starts).toMatchObject([{ tier: 4 }]);
    await as('ceo').begin({ ...input, tier: null });
  });
});
