import { beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { plan, testFactory, work } from '#test/factory.ts';
import { landedIntegration, orphanEffects, planIntegration, settleEffect } from './effect.ts';
import { endAttempt } from './failure.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db, { slots: 20 });
});
const merge = { oldSha: 'a'.repeat(40), newSha: 'b'.repeat(40), branch: 'main' };
const lost = { kind: 'infra', code: 'INTERNAL', message: 'the host was killed' } as const;
async function merging() {
  const { taskIds } = await f.create([work('Pricing', { plan: plan(['BUILD']) })]);
  return await f.take(taskIds[0] as number);
}
async function planned(a: { attemptId: number; fence: number }): Promise<number> {
  const effect = await planIntegration(db, a, merge);
  expect(effect).not.toBeNull();
  return (effect as { effectId: number }).effectId;
}
const stateOf = async (id: number) =>
  (await db.pool.query('SELECT state FROM effect WHERE id = $1', [id])).rows[0].state;

describe('a merge', () => {
  it('of a dead attempt is unknown to the next one until somebody looked at the branch', async () => {
    const first = await merging();
    const effect = await planned(first);
    await endAttempt(db, f.publisher, first, lost);
    const second = await f.take(first.taskId);
    expect((await orphanEffects(db)).map((e) => e.id)).toEqual([effect]);
    expect(await landedIntegration(db, second.attemptId)).toBe('unknown');
    await settleEffect(db, effect, 'DONE', 'sweep');
    expect(await landedIntegration(db, second.attemptId)).toEqual(merge);
    expect(await settleEffect(db, effect, 'ABANDONED')).toBe(false);
  });

  it('that the sweep took for lost and that landed after all is done', async () => {
    const first = await merging();
    const effect = await planned(first);
    await endAttempt(db, f.publisher, first, lost);
    await settleEffect(db, effect, 'ABANDONED', 'sweep');
    const second = await f.take(first.taskId);
    expect(await landedIntegration(db, second.attemptId)).toBeNull();
    expect(await settleEffect(db, effect, 'DONE')).toBe(true);
    expect(await stateOf(effect)).toBe('DONE');
    expect(await landedIntegration(db, second.attemptId)).toEqual(merge);
  });

  it('that was refused may be planned again with the same commits', async () => {
    const a = await merging();
    await settleEffect(db, await planned(a), 'ABANDONED');
    await settleEffect(db, await planned(a), 'DONE');
  });
});
