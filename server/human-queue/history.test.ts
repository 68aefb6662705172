import { expect, it } from 'vitest';
import { decide, settleDecisions } from '#server/engine/decide.ts';
import { escalationDigest } from '#server/engine/escalation.ts';
import { reopenTask } from '#server/engine/reopen.ts';
import { revertChange } from '#server/engine/revert.ts';
import { stopTask } from '#server/engine/stop.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { readDecisions } from './history.ts';

const { db } = await testDatabase();
const f = await testFactory(db, { slots: 40 });
const held = route({ held: { pattern: 'regulated', reason: 'A regulated service.' } });

async function answer(taskId: number, to: 'approve' | 'reject'): Promise<number> {
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT id FROM escalation WHERE task_id = $1 AND state = 'OPEN'`,
    [taskId],
  );
  const id = rows[0]?.id as number;
  const digest = (await escalationDigest(db.pool, id)) as string;
  await decide(db, { id, answer: to, digest, note: 'Because', undoMs: 0 }, ceo);
  await settleDecisions(db, f.publisher);
  return id;
}
async function heldTask(title: string): Promise<number> {
  const { taskIds } = await f.create([work(title, { route: held, plan: plan(['BUILD']) })]);
  return taskIds[0] as number;
}
async function outcomeOf(id: number) {
  const all = await readDecisions(db, {
    q: '',
    kind: null,
    answer: null,
    by: null,
    since: null,
    until: null,
    cursor: null,
    limit: 100,
  });
  const found = all.items.find((i) => i.id === id);
  return found ? [found.outcome, found.regretted] : null;
}

it('an approved work is in work, then merged, and a regret once it is reverted', async () => {
  const taskId = await heldTask('Prices');
  const id = await answer(taskId, 'approve');
  expect(await outcomeOf(id)).toEqual(['running', false]);
  await f.run(taskId);
  expect(await outcomeOf(id)).toEqual(['merged', false]);
  const { taskId: revert } = await transaction(db, (q) => revertChange(q, taskId, 'It broke the shop', ceo));
  expect(await outcomeOf(id)).toEqual(['merged', false]);
  await f.run(revert);
  expect(await outcomeOf(id)).toEqual(['reverted', true]);
});

it('a rejection is regretted when the work is opened again after all', async () => {
  const taskId = await heldTask('Opening hours');
  const id = await answer(taskId, 'reject');
  expect(await outcomeOf(id)).toEqual(['cancelled', false]);
  await transaction(db, (q) => reopenTask(q, taskId, ceo, 'after all'));
  expect(await outcomeOf(id)).toEqual(['reopened', true]);
});

it('another try is regretted when the same is asked again, or when it fails', async () => {
  const { taskIds } = await f.create([work('Import')]);
  const taskId = taskIds[0] as number;
  const stop = async () => {
    await f.take(taskId);
    await transaction(db, (q) => stopTask(q, taskId, ceo, 'too slow'));
  };
  await stop();
  const first = await answer(taskId, 'approve');
  expect(await outcomeOf(first)).toEqual(['running', false]);
  await stop();
  expect(await outcomeOf(first)).toEqual(['asked again', true]);
  const second = await answer(taskId, 'reject');
  expect(await outcomeOf(second)).toEqual(['failed', false]);
});
