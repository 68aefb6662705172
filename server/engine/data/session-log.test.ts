import { expect, it } from 'vitest';
import { reportSchema } from '#server/domain/report.ts';
import { testDatabase } from '#test/database.ts';
import { plan, testFactory, work } from '#test/factory.ts';
import { readEarlier, readSessionLog } from './session-log.ts';

const { db } = await testDatabase();
const f = await testFactory(db);
const report = (taskSummary: string) =>
  reportSchema.parse({ agentType: 'builder', company: 'CodeCraft', taskSummary });

it('gives a task the reports of its chain and of the chains it stands on, nearest and newest first', async () => {
  const two = plan(['BUILD', 'REVIEW']);
  const { taskIds, pipelineId } = await f.create([
    work('First', { plan: two }),
    work('Second', { plan: two, dependsOn: [0] }),
    work('Elsewhere', { plan: two }),
  ]);
  const [first, second, elsewhere] = taskIds as [number, number, number];
  await f.run(first, { report: report('built the first') });
  const review = await f.live((await f.chainOf(first)).id);
  expect((await readEarlier(db.pool, review.id)).map((e) => [e.taskId, e.hops])).toEqual([[first, 0]]);
  // What is not accepted yet is nothing to stand on.
  expect(await readEarlier(db.pool, second)).toEqual([]);
  await f.run(review.id, { report: report('judged the first') });
  await f.run(elsewhere, { report: report('something else') });
  expect((await readEarlier(db.pool, second)).map((e) => [e.report?.taskSummary, e.hops])).toEqual([
    ['judged the first', 1],
    ['built the first', 1],
  ]);
  await f.run(second, { report: report('built the second') });
  const next = await f.live((await f.chainOf(second)).id);
  expect((await readEarlier(db.pool, next.id)).map((e) => e.hops)).toEqual([0, 1, 1]);
  const log = await readSessionLog(db, pipelineId);
  expect(log.map((e) => e.report.taskSummary).sort()).toEqual([
    'built the first',
    'built the second',
    'judged the first',
    'something else',
  ]);
  await expect(readSessionLog(db, 999_999)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
