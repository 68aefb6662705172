import { expect, it } from 'vitest';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { stopTask } from './stop.ts';

const { db } = await testDatabase();

it('ends the running agent, fences its worker off, and asks what now', async () => {
  const factory = await testFactory(db);
  const { taskIds } = await factory.create([work('Runs')]);
  const id = taskIds[0] as number;
  await expect(transaction(db, (q) => stopTask(q, id, ceo, ''))).rejects.toMatchObject({
    code: 'ILLEGAL_TRANSITION',
  });

  const attempt = await factory.take(id);
  await transaction(db, (q) => stopTask(q, id, ceo, 'Wrong direction'));
  expect((await factory.task(id)).status).toBe('NEEDS_HUMAN');
  const late = await factory.checkpoint({
    attemptId: attempt.attemptId,
    fence: attempt.fence,
    stepId: attempt.stepId,
    commit: null,
    output: { text: '', report: null, findings: [], tree: null },
  });
  expect(late).toBe('stale');
  const { rows } = await db.pool.query('SELECT question, why, state FROM escalation WHERE task_id = $1', [
    id,
  ]);
  expect(rows).toEqual([
    { question: 'Alem stopped "Runs". What now?', why: 'Wrong direction', state: 'OPEN' },
  ]);
});
