import { beforeAll, describe, expect, it } from 'vitest';
import type { IntegrationResult } from '#server/domain/attempt.ts';
import { viewAt } from '#server/domain/past.ts';
import { momentsOf, replay } from '#server/domain/replay.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { disagreements, snapshot, wholeLog } from '#test/replay.ts';
import { loadWork } from './claim.ts';
import { readPipeline } from './data/pipeline.ts';
import { readTask } from './data/task.ts';
import { readTimeline } from './data/timeline.ts';
import { endAttempt } from './failure.ts';
import { invariants } from './invariants.ts';
import { revertAsWork, revertChange } from './revert.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db, { slots: 50 });
});
const revert = (id: number) => transaction(db, (q) => revertChange(q, id, 'It broke the shop', ceo));
async function merged(title: string) {
  const { taskIds } = await f.create([work(title)]);
  const root = taskIds[0] as number;
  const chain = await f.chainOf(root);
  for (let n = 0; n < 3; n++) await f.run((await f.live(chain.id)).id);
  return root;
}
const refused = (files: string[]): IntegrationResult => ({ result: 'conflict', files, detail: 'it fails' });
const view = (id: number) => readTask(db, f.timing, id);

describe('reverting a merged change', () => {
  it('is one task of one harness step, and the page of what it takes back says so', async () => {
    const root = await merged('Prices');
    expect((await view(root)).commands).toContain('revert');
    const { taskId } = await revert(root);
    expect(await f.task(taskId)).toMatchObject({
      status: 'QUEUED',
      steps: ['integrate'],
      stage: null,
      blueprint_hash: 'b1',
    });
    expect((await view(root)).merge?.revert).toMatchObject({ taskId, by: 'Alem', state: 'running' });
    await expect(revert(root)).rejects.toMatchObject({ code: 'CONFLICT' });
    await db.pool.query(
      `INSERT INTO catalogue_version(kind, name, hash, data) VALUES ('blueprint', 'build', 'b1', '{"name":"build"}') ON CONFLICT DO NOTHING`,
    );
    const a = await f.take(taskId);
    const given = await loadWork(db, a.attemptId, String);
    expect(given).toMatchObject({ reverts: { newSha: (await view(root)).merge?.sha }, integrates: true });
    await endAttempt(db, f.publisher, a, { kind: 'infra', code: 'INTERNAL', message: 'the host was killed' });
    await f.run(taskId);
    expect((await view(root)).merge?.revert).toMatchObject({ state: 'done', sha: `new${taskId}` });
    expect((await readTimeline(db, root)).at(-1)).toMatchObject({ title: 'Reverted' });
    await expect(revert(root)).rejects.toMatchObject({
      code: 'CONFLICT',
      hint: expect.stringContaining(`#${taskId}`),
    });
    const { rows } = await db.pool.query('SELECT kind, chain_id FROM effect WHERE task_id = $1', [taskId]);
    expect(rows).toEqual([{ kind: 'revert', chain_id: (await f.chainOf(root)).id }]);
    expect(await invariants(db.pool, false)).toEqual([]);
    // The log tells it too, and a past moment is drawn as it was: built before, reverted since.
    const pipelineId = (await view(root)).pipelineId as number;
    expect(await disagreements(db, [await snapshot(db, [pipelineId])])).toEqual([]);
    const live = await readPipeline(db, f.timing, pipelineId);
    const past = viewAt(live, replay(momentsOf(await wholeLog(db, pipelineId))), new Date());
    const words = (v: typeof live) => v.nodes.map((n) => [n.id, n.status.word]);
    expect(words(past)).toEqual(words(live));
    expect(words(live)).toContainEqual([`t${root}`, 'Reverted']);
  });

  it('that later work stands in the way of becomes a task that names it', async () => {
    const root = await merged('Menu');
    const { taskId } = await revert(root);
    await f.run(taskId, { verdict: 'reject', integration: refused(['src/menu.js']) });
    const [finding] = (await view(taskId)).findings;
    expect(finding).toMatchObject({ file: 'src/menu.js', title: expect.stringContaining('src/menu.js') });
    const made = finding?.followUpTaskId as number;
    expect(await f.task(made)).toMatchObject({ stage: 'BUILD', status: 'QUEUED', parent_id: taskId });
    expect((await view(made)).toMend).toHaveLength(1);
    expect((await view(root)).commands).toContain('revert');
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('that does not hold is offered as work, once', async () => {
    const root = await merged('Orders');
    const { taskId } = await revert(root);
    await f.run(taskId, { verdict: 'reject', integration: refused([]) });
    expect((await view(taskId)).commands).toContain('revert-as-work');
    const { taskId: made } = await transaction(db, (q) => revertAsWork(q, taskId, ceo));
    expect(await f.task(made)).toMatchObject({ stage: 'BUILD', status: 'QUEUED' });
    await expect(transaction(db, (q) => revertAsWork(q, taskId, ceo))).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
  });

  it('is refused where nothing is merged', async () => {
    const { taskIds } = await f.create([work('Not yet')]);
    await expect(revert(taskIds[0] as number)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});
