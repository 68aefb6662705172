import { beforeAll, describe, expect, it } from 'vitest';
import { minionOf } from '#server/domain/plan.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, testFactory, work } from '#test/factory.ts';
import { discardedTasks, readMinions } from './data/minions.ts';
import { readTask } from './data/task.ts';
import { decide, settleDecisions } from './decide.ts';
import { escalationDigest } from './escalation.ts';
import { invariants } from './invariants.ts';
import { discardMinion, mergeMinion } from './minion.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db, { slots: 50 });
});
async function minion(title: string, commit: string | null = 'built') {
  const { taskIds } = await f.create([work(title, { plan: minionOf(plan()) })]);
  const id = taskIds[0] as number;
  await f.run(id, { commit });
  return { id, chain: await f.chainOf(id) };
}
const stateOf = async (id: number) => (await readMinions(db, f.timing, true, id))[0]?.state;

describe('a minion', () => {
  it('builds without reviews, and its branch waits for the human', async () => {
    const { id, chain } = await minion('Tidy up');
    expect(await f.task(id)).toMatchObject({ status: 'DONE', steps: ['work'], integrates: false });
    expect(chain).toMatchObject({ state: 'NEEDS_HUMAN', head: 'built' });
    expect(await readMinions(db, f.timing, false, id)).toMatchObject([
      { state: 'waiting', branch: `minion/${id}-1`, commit: 'built', status: { look: 'yours' } },
    ]);
    expect((await readTask(db, f.timing, id)).commands).toContain('merge-minion');
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('is merged by one harness step on a host, and then is done', async () => {
    const { id, chain } = await minion('Merge me');
    await transaction(db, (q) => mergeMinion(q, id, ceo));
    const merge = await f.live(chain.id);
    expect(await f.task(merge.id)).toMatchObject({
      steps: ['integrate'],
      integrates: true,
      base: 'built',
      key: 'merge',
    });
    expect(await stateOf(id)).toBe('merging');
    await f.run(merge.id, { commit: null });
    expect(await f.chainOf(id)).toMatchObject({ state: 'FINISHED' });
    expect(await stateOf(id)).toBe('merged');
    expect((await readTask(db, f.timing, id)).commands).toContain('revert');
    await expect(transaction(db, (q) => mergeMinion(q, id, ceo))).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('is merged by the answer in the queue too', async () => {
    const { id, chain } = await minion('By the queue');
    const { rows } = await db.pool.query<{ id: number }>(
      `SELECT id FROM escalation WHERE chain_id = $1 AND kind = 'minion' AND state = 'OPEN'`,
      [chain.id],
    );
    const ask = rows[0]?.id as number;
    const digest = (await escalationDigest(db.pool, ask)) as string;
    await decide(db, { id: ask, answer: 'approve', digest, note: '', undoMs: 0 }, ceo);
    await settleDecisions(db, f.publisher);
    expect(await f.task((await f.live(chain.id)).id)).toMatchObject({ steps: ['integrate'] });
    expect(await stateOf(id)).toBe('merging');
  });

  it('whose merge conflicts is built again, and waits again', async () => {
    const { id, chain } = await minion('Conflict');
    await transaction(db, (q) => mergeMinion(q, id, ceo));
    await f.run((await f.live(chain.id)).id, {
      commit: null,
      integration: { result: 'conflict', files: ['a.js'], detail: 'both changed it' },
    });
    const mend = await f.live(chain.id);
    expect(await f.task(mend.id)).toMatchObject({ steps: ['work'], stage: 'BUILD', key: 'main' });
    await f.run(mend.id, { commit: 'mended' });
    expect(await f.chainOf(id)).toMatchObject({ state: 'NEEDS_HUMAN', head: 'mended' });
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('that is discarded leaves its branch to the bin; one that changed nothing is done', async () => {
    const { id } = await minion('Not this');
    await transaction(db, (q) => discardMinion(q, id, ceo, 'no'));
    expect(await stateOf(id)).toBe('discarded');
    expect(await discardedTasks(db, [id])).toEqual([id]);
    const nothing = await minion('Nothing to do', null);
    expect(nothing.chain).toMatchObject({ state: 'FINISHED' });
    const { taskIds } = await f.create([work('A chain')]);
    await expect(
      transaction(db, (q) => discardMinion(q, taskIds[0] as number, ceo, 'no')),
    ).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});
