import { describe, expect, test } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { plan, testFactory, work } from '#test/factory.ts';
import { invariants } from './invariants.ts';
import { openRound } from './next-round.ts';

const { db } = await testDatabase();
const f = await testFactory(db);

const stepsOf = async (taskId: number) =>
  (
    await db.pool.query<{ row: string }>(
      `SELECT iteration || ' ' || key || ' ' || state row FROM step WHERE task_id = $1 ORDER BY iteration, ord`,
      [taskId],
    )
  ).rows.map((r) => r.row);

const done = (a: { attemptId: number; fence: number }, stepId: number) =>
  f.checkpoint({
    ...a,
    stepId,
    commit: null,
    output: { text: '', report: null, findings: [], tree: null },
  });

describe('a round of a workflow', () => {
  test('is the same steps once more; the merge waits for the last of them', async () => {
    const made = await f.create([work('loops', { plan: plan(['BUILD'], ['implement', 'review']) })]);
    const id = made.taskIds[0] as number;
    const a = await f.take(id);
    const first = await db.pool.query<{ id: number }>('SELECT id FROM step WHERE task_id = $1 ORDER BY ord', [
      id,
    ]);
    for (const s of first.rows.slice(0, 2)) expect(await done(a, s.id)).toBe('ok');
    const next = await openRound(db, a);
    expect(next.map((s) => `${s.iteration} ${s.key}`)).toEqual(['1 implement', '1 review']);
    expect(await stepsOf(id)).toEqual([
      '0 implement DONE',
      '0 review DONE',
      '1 implement RUNNING',
      '1 review PENDING',
      '1 integrate PENDING',
    ]);
    expect(await invariants(db.pool)).toEqual([]);
    for (const s of next) expect(await done(a, s.id)).toBe('ok');
    expect((await stepsOf(id)).at(-1)).toBe('1 integrate RUNNING');
    const reason = await db.pool.query(
      `SELECT reason FROM event WHERE task_id = $1 AND type = 'task.round'`,
      [id],
    );
    expect(reason.rows).toEqual([{ reason: 'Round 2: the last one left work to do.' }]);
  });

  test('is not opened by a worker that lost its lease', async () => {
    const made = await f.create([work('stale', { plan: plan(['BUILD'], ['implement']) })]);
    const id = made.taskIds[0] as number;
    const a = await f.take(id);
    const before = await stepsOf(id);
    expect(await openRound(db, { ...a, fence: a.fence - 1 })).toEqual([]);
    expect(await stepsOf(id)).toEqual(before);
  });
});
