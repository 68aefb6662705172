import { expect, it } from 'vitest';
import type { EscalationKind } from '#server/domain/views/queue.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { neverByRule } from './escalation-policy.ts';
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
  const { rows } = await db.pool.query<{ kind: EscalationKind }>(
    'SELECT kind, question, why, state FROM escalation WHERE task_id = $1',
    [id],
  );
  expect(rows).toEqual([
    { kind: 'stopped', question: 'Alem stopped "Runs". What now?', why: 'Wrong direction', state: 'OPEN' },
  ]);
  // A standing answer for what failed must not start again what a person stopped.
  expect(neverByRule).toContain(rows[0]?.kind);
});
