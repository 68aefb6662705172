import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { cancelTask } from './cancel.ts';
import { decide, settleDecisions } from './decide.ts';
import { type EditPatch, editTask } from './edit.ts';
import { escalationDigest } from './escalation.ts';
import { endAttempt } from './failure.ts';
import { finishByHand } from './finish.ts';
import { invariants } from './invariants.ts';
import { progressChain } from './progress.ts';
import { reopenTask } from './reopen.ts';
import { sweep } from './sweep.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db, { slots: 50 });
});

const held = route({ held: { pattern: 'regulated', reason: 'PSD2 is a regulated service.' } });
async function questionOf(taskId: number) {
  const { rows } = await db.pool.query<{ id: number; kind: string }>(
    `SELECT id, kind FROM escalation WHERE task_id = $1 AND state = 'OPEN'`,
    [taskId],
  );
  return rows[0];
}
async function answer(taskId: number, kind: 'approve' | 'reject', undoMs = 0) {
  const id = (await questionOf(taskId))?.id as number;
  const digest = (await escalationDigest(db.pool, id)) as string;
  await decide(db, { id, answer: kind, digest, note: 'because', undoMs }, ceo);
  return id;
}
const over = (id: number) =>
  db.pool.query(`UPDATE escalation SET effective_at = now() - interval '1 s' WHERE id = $1`, [id]);
async function edit(id: number, patch: EditPatch, routed: Parameters<typeof editTask>[4] = null) {
  const ver = ((await f.task(id)) as unknown as { ver: number }).ver;
  return await transaction(db, (q) => editTask(q, id, ver, patch, routed, ceo));
}
async function fail(taskId: number) {
  const a = await f.take(taskId);
  const outcome = {
    kind: 'failed',
    cause: 'gate',
    code: 'LIMIT_REACHED',
    message: 'the tests fail',
  } as const;
  expect(await endAttempt(db, f.publisher, a, outcome)).toBe('ok');
}
const facts = async (id: number) =>
  (await f.task(id)) as unknown as {
    status: string;
    failed_attempts: number;
    company: string;
    blueprint: string;
  };

describe('done by hand', () => {
  it('before what it waited for: that may still end, and nothing is counted twice', async () => {
    const { taskIds } = await f.create([work('Schema'), work('API', { dependsOn: [0] })]);
    const [schema, api] = taskIds as [number, number];
    await transaction(db, (q) => finishByHand(q, api, ceo, 'I wrote it'));
    const chain = await f.chainOf(schema);
    await f.run(schema);
    await f.run((await f.live(chain.id)).id);
    expect(await f.run((await f.live(chain.id)).id)).toBe('ok');
    await transaction(db, (q) => reopenTask(q, api, ceo, 'once more'));
    expect((await f.task(api)).status).toBe('QUEUED');
    expect(await invariants(db.pool, false)).toEqual([]);
  });
});

describe('cancelling a chain', () => {
  it('whose stage ends in the same moment cancels the stage that follows', async () => {
    const { taskIds } = await f.create([work('Race')]);
    const root = taskIds[0] as number;
    const chain = await f.chainOf(root);
    await f.run(root);
    const review = (await f.live(chain.id)).id;
    const a = await f.take(review);
    const output = { text: '', report: null, findings: [], tree: null };
    await f.checkpoint({ ...a, commit: null, output });
    let cancelling: Promise<void> = Promise.resolve();
    await transaction(db, async (q) => {
      await q.query('SELECT 1 FROM task WHERE id = $1 FOR UPDATE', [review]);
      cancelling = transaction(db, (other) => cancelTask(other, root, ceo, 'not now'));
      await sleep(100);
      await q.query('SELECT * FROM alai_advance($1, $2, $3, $4, $5)', [
        [a.attemptId],
        [a.fence],
        ['pass'],
        [null],
        [null],
      ]);
      const out = { verdict: 'pass', commit: null, findings: [], integration: null } as const;
      await progressChain(q, chain.id, review, { ...out, findings: [] });
    });
    await cancelling;
    expect((await f.chainOf(root)).state).toBe('CANCELLED');
    expect(await f.live(chain.id)).toBeUndefined();
    expect(await invariants(db.pool, false)).toEqual([]);
  });
});

describe('a question about a dependency that was cancelled', () => {
  it('is withdrawn when that is begun again, so that nobody cancels work over it', async () => {
    const { taskIds } = await f.create([work('Schema'), work('API', { dependsOn: [0] })]);
    const [schema, api] = taskIds as [number, number];
    await transaction(db, (q) => cancelTask(q, schema, ceo, 'not now'));
    await sweep(db, f.publisher, f.timing);
    expect(await questionOf(api)).toMatchObject({ kind: 'dependency' });
    await sweep(db, f.publisher, f.timing);
    expect(await questionOf(api)).toMatchObject({ kind: 'dependency' });
    await transaction(db, (q) => reopenTask(q, schema, ceo, 'after all'));
    await sweep(db, f.publisher, f.timing);
    expect(await questionOf(api)).toBeUndefined();
  });
});

describe('an answer whose task went another way in its ten seconds', () => {
  it('does not keep the answers behind it from taking effect', async () => {
    const made = await f.create([work('Approve A', { route: held }), work('Approve B', { route: held })]);
    const [a, b] = made.taskIds as [number, number];
    const first = await answer(a, 'reject', 60_000);
    await transaction(db, (q) => cancelTask(q, a, ceo, 'not now'));
    await over(first);
    await answer(b, 'approve');
    await settleDecisions(db, f.publisher);
    expect((await f.task(b)).status).toBe('QUEUED');
    const { rows } = await db.pool.query(`SELECT 1 FROM escalation WHERE state = 'PENDING'`);
    expect(rows).toEqual([]);
  });

  it('does not fail the steps of a later generation', async () => {
    const { taskIds } = await f.create([work('Pricing')]);
    const id = taskIds[0] as number;
    for (let n = 0; n < 3; n++) await fail(id);
    const e = await answer(id, 'reject', 60_000);
    await transaction(db, (q) => cancelTask(q, id, ceo, 'wrong'));
    await transaction(db, (q) => reopenTask(q, id, ceo, 'right'));
    const running = await f.take(id);
    await over(e);
    await settleDecisions(db, f.publisher);
    expect((await f.task(id)).status).toBe('RUNNING');
    expect((await f.chainOf(id)).state).toBe('ACTIVE');
    expect(running.attemptId).toBeGreaterThan(0);
  });
});

describe('an edit', () => {
  it('after three failures is a fresh start, and a fourth failure is counted as the first', async () => {
    const { taskIds } = await f.create([work('Pricing')]);
    const id = taskIds[0] as number;
    for (let n = 0; n < 3; n++) await fail(id);
    expect(await facts(id)).toMatchObject({ status: 'NEEDS_HUMAN', failed_attempts: 3 });
    await edit(id, { description: 'Prices are in NOK.' }, { route: route(), plan: plan() });
    expect((await f.task(id)).status).toBe('QUEUED');
    await fail(id);
    expect(await facts(id)).toMatchObject({ status: 'QUEUED', failed_attempts: 1 });
  });

  it('of an approved text that failed asks about the new text, whatever else is asked', async () => {
    const { taskIds } = await f.create([work('Approve the go-live', { route: held })]);
    const id = taskIds[0] as number;
    await answer(id, 'approve');
    await settleDecisions(db, f.publisher);
    for (let n = 0; n < 3; n++) await fail(id);
    expect(await questionOf(id)).toMatchObject({ kind: 'quality' });
    await edit(id, { title: 'Approve the go-live today' }, { route: held, plan: plan() });
    expect(await questionOf(id)).toMatchObject({ kind: 'safety' });
    await answer(id, 'approve');
    await settleDecisions(db, f.publisher);
    expect((await f.task(id)).status).toBe('QUEUED');
  });

  it('of a stage task does not hand the review to the builder', async () => {
    const reviewed = plan().stages.map((s) =>
      s.stage === 'BUILD' ? s : { ...s, company: 'Proveo', blueprint: 'review' },
    );
    const { taskIds } = await f.create([work('Landing', { plan: { stages: reviewed } })]);
    const chain = await f.chainOf(taskIds[0] as number);
    await f.run(taskIds[0] as number);
    const review = (await f.live(chain.id)).id;
    for (let n = 0; n < 3; n++) await fail(review);
    await edit(review, { description: 'Look at the prices.' }, { route: route(), plan: plan() });
    expect(await facts(review)).toMatchObject({ status: 'QUEUED', company: 'Proveo', blueprint: 'review' });
  });

  it('that tags a waiting task into what a human must see holds it', async () => {
    const { taskIds } = await f.create([work('Schema'), work('Cleanup', { dependsOn: [0] })]);
    const id = taskIds[1] as number;
    await edit(id, { tags: ['wipe production'] }, { route: held, plan: plan() });
    expect(await questionOf(id)).toMatchObject({ kind: 'safety' });
    expect((await f.task(id)).status).toBe('NEEDS_HUMAN');
  });

  it('of the tags of running work changes neither who does it nor its steps', async () => {
    const { taskIds } = await f.create([work('Schema')]);
    const id = taskIds[0] as number;
    await f.take(id);
    await edit(
      id,
      { tags: ['db'] },
      { route: route({ company: 'Vizu', blueprint: 'design' }), plan: plan() },
    );
    expect(await facts(id)).toMatchObject({ status: 'RUNNING', company: 'CodeCraft', blueprint: 'build' });
  });
});
