import { describe, expect, it } from 'vitest';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, testFactory, work } from '#test/factory.ts';
import { disagreements, snapshot } from '#test/replay.ts';
import { reorder, skip, skipStage, waitForAlso } from './amend.ts';
import { cancelTask } from './cancel.ts';
import { invariants } from './invariants.ts';
import { rerun, rerunFailed } from './rerun.ts';
import { sweep } from './sweep.ts';

const { db } = await testDatabase();
const f = await testFactory(db, { slots: 200 });
const why = 'because';
const loose = { plan: null, steps: ['work'] };
const waits = async (id: number): Promise<number[]> =>
  (
    await db.pool.query<{ o: number }>(
      'SELECT on_task_id o FROM dependency WHERE task_id = $1 AND satisfied_at IS NULL ORDER BY 1',
      [id],
    )
  ).rows.map((r) => r.o);
const status = async (id: number) => (await f.task(id)).status;
const order = (taskId: number, waitsFor: number[], seen: number[]) =>
  transaction(db, (q) => reorder(q, { taskId, waitsFor, seen }, ceo, why));
async function finish(root: number): Promise<void> {
  const chain = await f.chainOf(root);
  for (let t = await f.live(chain.id); t; t = await f.live(chain.id)) await f.run(t.id);
}
const pipelines = new Set<number>();
async function create(works: Parameters<typeof f.create>[0]): Promise<number[]> {
  const made = await f.create(works);
  pipelines.add(made.pipelineId);
  return made.taskIds;
}

/** A story that ends in a sound database, of which the log tells all. */
const sound = (tells: () => Promise<void>) => async () => {
  await tells();
  expect(await invariants(db.pool, false)).toEqual([]);
  expect(await disagreements(db, [await snapshot(db, [...pipelines])])).toEqual([]);
};

describe('another order', () => {
  it('is looked through in no time, however many ways lead through the graph', async () => {
    // Sixteen rows of three, each of which waits for the whole row before it: forty-three million ways.
    const rows = Array.from({ length: 48 }, (_, i) => {
      const first = (Math.floor(i / 3) - 1) * 3;
      return work(`Row ${i}`, { ...loose, dependsOn: first < 0 ? [] : [first, first + 1, first + 2] });
    });
    const ids = await create(rows);
    const [last] = await create([work('Last', loose)]);
    const from = Date.now();
    await order(last as number, [ids[47] as number], []);
    expect(Date.now() - from).toBeLessThan(10_000);
    await expect(order(ids[3] as number, [ids[47] as number], ids.slice(0, 3))).rejects.toMatchObject({
      code: 'DEPENDENCY_CYCLE',
    });
  }, 30_000);

  it(
    'lets a queued task wait again, and starts it when that is done',
    sound(async () => {
      const [a, b] = (await create([work('A', loose), work('B', loose)])) as [number, number];
      expect(await status(b)).toBe('QUEUED');
      await order(b, [a], []);
      expect([await status(b), await waits(b)]).toEqual(['OPEN', [a]]);
      await f.run(a);
      expect(await status(b)).toBe('QUEUED');
    }),
  );

  it(
    'is undone by the order before it',
    sound(async () => {
      const [a, b] = (await create([work('A'), work('B', { dependsOn: [0] })])) as [number, number];
      await order(b, [], [a]);
      expect(await status(b)).toBe('QUEUED');
      await order(b, [a], []);
      expect([await status(b), await waits(b)]).toEqual(['OPEN', [a]]);
    }),
  );

  it(
    'refuses a ring and names it',
    sound(async () => {
      const [a, b, c] = (await create([
        work('A', loose),
        work('B', { ...loose, dependsOn: [0] }),
        work('C', { ...loose, dependsOn: [1] }),
      ])) as [number, number, number];
      await expect(order(a, [c], [])).rejects.toMatchObject({
        code: 'DEPENDENCY_CYCLE',
        message: expect.stringContaining(`#${b}`),
      });
      await expect(order(a, [a], [])).rejects.toMatchObject({ code: 'DEPENDENCY_CYCLE' });
      expect(await status(a)).toBe('QUEUED');
    }),
  );

  it(
    'refuses what was seen otherwise, what has begun, what does not exist, and no reason',
    sound(async () => {
      const [a, b] = (await create([work('A', loose), work('B', { ...loose, dependsOn: [0] })])) as [
        number,
        number,
      ];
      await expect(order(b, [], [])).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(order(b, [999_999], [a])).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await f.take(a);
      await expect(order(a, [], [])).rejects.toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        message: expect.stringContaining('RUNNING'),
      });
      await expect(transaction(db, (q) => skip(q, b, ceo, '  '))).rejects.toMatchObject({
        code: 'REASON_REQUIRED',
      });
    }),
  );

  it(
    'closes no ring when two people do it at once',
    sound(async () => {
      for (let i = 0; i < 8; i++) {
        const [a, b] = (await create([work('A', loose), work('B', loose)])) as [number, number];
        const done = await Promise.allSettled([order(a, [b], []), order(b, [a], [])]);
        expect(done.filter((d) => d.status === 'fulfilled')).toHaveLength(1);
      }
    }),
  );

  it(
    'races what it shall wait for, and never waits for ever',
    sound(async () => {
      for (let i = 0; i < 8; i++) {
        const [a, b] = (await create([work('A', loose), work('B', loose)])) as [number, number];
        const done = await Promise.allSettled([f.run(a), order(b, [a], [])]);
        expect(done[0]?.status).toBe('fulfilled');
        await sweep(db, f.publisher, f.timing);
        expect(await status(b)).toBe('QUEUED');
      }
    }),
  );

  it(
    'races the claim: the worker has it, or the human has',
    sound(async () => {
      for (let i = 0; i < 8; i++) {
        const [a, b] = (await create([work('A', loose), work('B', loose)])) as [number, number];
        const [claimed, amended] = await Promise.allSettled([f.take(b), order(b, [a], [])]);
        expect([claimed.status, amended.status].toSorted()).toEqual(['fulfilled', 'rejected']);
        expect(await status(b)).toBe(claimed.status === 'fulfilled' ? 'RUNNING' : 'OPEN');
      }
    }),
  );

  it(
    'takes a stage of a chain for the chain',
    sound(async () => {
      const [a, b] = (await create([work('A'), work('B', loose)])) as [number, number];
      await f.run(a);
      const review = await f.live((await f.chainOf(a)).id);
      await transaction(db, (q) => waitForAlso(q, b, review.id, ceo, why));
      expect(await waits(b)).toEqual([a]);
    }),
  );
});

describe('leaving out', () => {
  it(
    'hands on what it waited for to what waited for it',
    sound(async () => {
      const [a, b, c] = (await create([
        work('A', loose),
        work('B', { dependsOn: [0] }),
        work('C', { dependsOn: [1] }),
      ])) as [number, number, number];
      await transaction(db, (q) => skip(q, b, ceo, why));
      expect([await status(b), (await f.chainOf(b)).state, await status(c), await waits(c)]).toEqual([
        'SKIPPED',
        'CANCELLED',
        'OPEN',
        [a],
      ]);
      await f.run(a);
      expect(await status(c)).toBe('QUEUED');
      await sweep(db, f.publisher, f.timing);
      const { rowCount } = await db.pool.query(`SELECT 1 FROM escalation WHERE task_id = $1`, [c]);
      expect(rowCount).toBe(0);
    }),
  );

  it(
    'is for work that nobody has begun',
    sound(async () => {
      const [a] = (await create([work('A')])) as [number];
      await f.run(a);
      await expect(transaction(db, (q) => skip(q, a, ceo, why))).rejects.toMatchObject({
        code: 'ILLEGAL_TRANSITION',
      });
    }),
  );

  it(
    'takes DOCS out of a plan while BUILD runs, and never what guards the merge',
    sound(async () => {
      const [a] = (await create([work('A', { plan: plan(['BUILD', 'REVIEW', 'DOCS']) })])) as [number];
      const chain = await f.chainOf(a);
      await transaction(db, (q) => skipStage(q, chain.id, 'DOCS', ceo, why));
      await expect(transaction(db, (q) => skipStage(q, chain.id, 'REVIEW', ceo, why))).rejects.toMatchObject({
        code: 'NOT_ALLOWED',
      });
      await expect(transaction(db, (q) => skipStage(q, chain.id, 'DOCS', ceo, why))).rejects.toMatchObject({
        code: 'ILLEGAL_TRANSITION',
      });
      await finish(a);
      expect((await f.chainOf(a)).state).toBe('FINISHED');
      const { rows } = await db.pool.query(`SELECT stage FROM task WHERE chain_id = $1 ORDER BY id`, [
        chain.id,
      ]);
      expect(rows.map((r) => r.stage)).toEqual(['BUILD', 'REVIEW']);
    }),
  );
});

describe('running again', () => {
  it(
    'does a node and what follows from it in their order, and leaves the rest alone',
    sound(async () => {
      const [a, b, c, d] = (await create([
        work('A', loose),
        work('B', { dependsOn: [0] }),
        work('C', { ...loose, dependsOn: [1] }),
        work('D', loose),
      ])) as [number, number, number, number];
      await f.run(a);
      await finish(b);
      await f.run(c);
      await f.run(d);
      const made = await transaction(db, (q) => rerun(q, a, 'following', ceo, why));
      expect(made.taskIds).toEqual([a, b, c]);
      expect([await status(a), await status(b), await status(c), await status(d)]).toEqual([
        'QUEUED',
        'OPEN',
        'OPEN',
        'DONE',
      ]);
      await f.run(a);
      expect([await status(b), await status(c)]).toEqual(['QUEUED', 'OPEN']);
      await finish(b);
      expect(await status(c)).toBe('QUEUED');
    }),
  );

  it(
    'does only this when asked, and what waits for it stays done',
    sound(async () => {
      const [a, b] = (await create([work('A', loose), work('B', { ...loose, dependsOn: [0] })])) as [
        number,
        number,
      ];
      await f.run(a);
      await f.run(b);
      await transaction(db, (q) => rerun(q, a, 'only', ceo, why));
      expect([await status(a), await status(b)]).toEqual(['QUEUED', 'DONE']);
    }),
  );

  it(
    'lets what has not begun wait once more, and refuses under what runs',
    sound(async () => {
      const [a, b, c] = (await create([
        work('A', loose),
        work('B', { ...loose, dependsOn: [0] }),
        work('C', { ...loose, dependsOn: [0] }),
      ])) as [number, number, number];
      await f.run(a);
      await f.take(c);
      await expect(transaction(db, (q) => rerun(q, a, 'following', ceo, why))).rejects.toMatchObject({
        message: expect.stringContaining(`#${c}`),
      });
      await transaction(db, (q) => cancelTask(q, c, ceo, why));
      await transaction(db, (q) => rerun(q, a, 'following', ceo, why));
      expect([await status(b), await waits(b), await status(c)]).toEqual(['OPEN', [a], 'OPEN']);
    }),
  );

  it(
    'does what failed again, and only that',
    sound(async () => {
      const made = await f.create([
        work('A', loose),
        work('B', { dependsOn: [0] }),
        work('C', { ...loose, dependsOn: [1] }),
      ]);
      pipelines.add(made.pipelineId);
      const [a, b, c] = made.taskIds as [number, number, number];
      await f.run(a);
      await transaction(db, (q) => cancelTask(q, b, ceo, why));
      const again = await transaction(db, (q) => rerunFailed(q, made.pipelineId, ceo, why));
      expect(again.taskIds).toEqual([b]);
      await finish(b);
      expect([await status(a), await status(c)]).toEqual(['DONE', 'QUEUED']);
      await f.run(c);
      await expect(transaction(db, (q) => rerunFailed(q, made.pipelineId, ceo, why))).rejects.toMatchObject({
        code: 'ILLEGAL_TRANSITION',
      });
    }),
  );

  it(
    'happens once when two people ask for it at once',
    sound(async () => {
      const [a] = (await create([work('A', loose)])) as [number];
      await f.run(a);
      const done = await Promise.allSettled(
        [1, 2].map(() => transaction(db, (q) => rerun(q, a, 'only', ceo, why))),
      );
      expect(done.filter((d) => d.status === 'fulfilled')).toHaveLength(1);
    }),
  );
});
