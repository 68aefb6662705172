import { describe, expect, it } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import { endAttempt } from './failure.ts';

const { db } = await testDatabase();
const factory = await testFactory(db);

async function fail(taskId: number, changed: boolean) {
  const a = await factory.take(taskId);
  const outcome = {
    kind: 'failed',
    cause: 'limit',
    code: 'LIMIT_REACHED',
    message: 'stopped.',
    changed,
  } as const;
  await endAttempt(db, factory.publisher, a, outcome);
  return await factory.task(taskId);
}

describe('attempts that fail', () => {
  it('two in a row that changed nothing are asked about instead of tried a third time', async () => {
    const { taskIds } = await factory.create([work('Nothing comes of it')]);
    const [id = 0] = taskIds;
    expect((await fail(id, false)).status).toBe('QUEUED');
    expect(await fail(id, false)).toMatchObject({ status: 'NEEDS_HUMAN', failed_attempts: 2 });
    const { rows } = await db.pool.query('SELECT kind, why FROM escalation WHERE task_id = $1', [id]);
    expect(rows).toEqual([{ kind: 'retries', why: 'Two attempts in a row changed nothing. Last: stopped.' }]);
  });

  it('one that changed something in between is given its third try', async () => {
    const { taskIds } = await factory.create([work('Something comes of it')]);
    const [id = 0] = taskIds;
    await fail(id, false);
    expect((await fail(id, true)).status).toBe('QUEUED');
    expect((await fail(id, false)).status).toBe('NEEDS_HUMAN');
  });
});
