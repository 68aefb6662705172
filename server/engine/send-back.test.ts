import { beforeAll, describe, expect, it } from 'vitest';
import type { LineComment } from '#server/domain/views/send-back.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { cancelTask } from './cancel.ts';
import { readTask } from './data/task.ts';
import { planIntegration } from './effect.ts';
import { invariants } from './invariants.ts';
import { sendBack } from './send-back.ts';
import { sweep } from './sweep.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db, { slots: 50 });
});
const remarks: LineComment[] = [
  { file: 'src/price.js', line: 12, quote: '+ return total;', text: 'Round it.\nTo two places.' },
  { file: 'src/price.js', line: null, quote: '', text: 'Say why in the docs' },
];
const send = (id: number, comments = remarks) => transaction(db, (q) => sendBack(q, id, comments, ceo));
async function started(title: string) {
  const { taskIds } = await f.create([work(title)]);
  const root = taskIds[0] as number;
  return { root, chain: await f.chainOf(root) };
}
const toMend = async (id: number) =>
  (await readTask(db, f.timing, id)).toMend.map((x) => [x.file, x.line, x.title]);
const asked = [
  ['src/price.js', 12, 'Round it.'],
  ['src/price.js', null, 'Say why in the docs'],
];

describe('sending a change back', () => {
  it('while its review runs ends the review and opens the next BUILD, which is given the remarks', async () => {
    const { root, chain } = await started('Prices');
    await f.run(root);
    const review = await f.live(chain.id);
    const a = await f.take(review.id);
    const { made } = await send(root);
    expect(await f.task(review.id)).toMatchObject({ status: 'CANCELLED' });
    expect(await f.live(chain.id)).toMatchObject({
      id: made.taskId,
      stage: 'BUILD',
      cycle: 1,
      status: 'QUEUED',
    });
    expect(await toMend(made.taskId)).toEqual(asked);
    // The reviewer comes too late to say anything.
    const late = { verdict: 'pass', commit: null, report: null, findings: [], integration: null } as const;
    expect(await f.advance({ attemptId: a.attemptId, fence: a.fence, ...late, findings: [] })).toBe('stale');
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('while it is built goes on from what was pushed, and those that wait for it go on waiting', async () => {
    const { taskIds } = await f.create([work('Schema'), work('API', { dependsOn: [0] })]);
    const [schema, api] = taskIds as [number, number];
    const a = await f.take(schema);
    await f.checkpoint({
      attemptId: a.attemptId,
      fence: a.fence,
      stepId: a.stepId,
      commit: 'pushed1',
      output: { text: '', report: null, findings: [], tree: null },
    });
    const { made } = await send(schema);
    expect(await f.task(made.taskId)).toMatchObject({ base: 'pushed1', status: 'QUEUED' });
    await sweep(db, f.publisher, f.timing);
    expect((await db.pool.query('SELECT 1 FROM escalation WHERE task_id = $1', [api])).rowCount).toBe(0);
    const view = await readTask(db, f.timing, api);
    expect(view.waits).toBe(`Waits for #${schema} to merge`);
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('answers the question the chain asked, and counts rejects anew', async () => {
    const { root, chain } = await started('Rejected');
    const found = [
      { severity: 'major', title: 'x', detail: '', file: null, line: null, evidence: '' },
    ] as const;
    for (let n = 0; n < 3; n++) {
      await f.run((await f.live(chain.id)).id);
      await f.run((await f.live(chain.id)).id, { verdict: 'reject', findings: [...found] });
    }
    expect(await f.chainOf(root)).toMatchObject({ state: 'NEEDS_HUMAN' });
    await send(root);
    expect(await f.chainOf(root)).toMatchObject({ state: 'ACTIVE', rejects: 0 });
    const open = await db.pool.query(`SELECT 1 FROM escalation WHERE chain_id = $1 AND state = 'OPEN'`, [
      chain.id,
    ]);
    expect(open.rowCount).toBe(0);
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('that is merged already becomes a follow-up of the same pipeline', async () => {
    const { root, chain } = await started('Merged');
    for (let n = 0; n < 3; n++) await f.run((await f.live(chain.id)).id);
    const { made } = await send(root);
    expect(made.followUp).toBe(true);
    expect(await f.task(made.taskId)).toMatchObject({ stage: 'BUILD', origin: 'finding', status: 'QUEUED' });
    expect(await toMend(made.taskId)).toEqual(asked);
    expect(await f.chainOf(root)).toMatchObject({ state: 'FINISHED' });
  });

  it('is refused in the moment it is merged, and when it was cancelled', async () => {
    const { root, chain } = await started('Merging');
    await f.run(root);
    await f.run((await f.live(chain.id)).id);
    const a = await f.take((await f.live(chain.id)).id);
    await planIntegration(db, a, { oldSha: 'o', newSha: 'n', branch: 'main' });
    await expect(send(root)).rejects.toMatchObject({ code: 'CONFLICT' });
    const other = await started('Cancelled');
    await transaction(db, (q) => cancelTask(q, other.root, ceo, 'no'));
    await expect(send(other.root)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});
