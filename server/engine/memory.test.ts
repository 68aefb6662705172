import { describe, expect, it } from 'vitest';
import type { StepMemory } from '#server/domain/memory.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import { loadWork } from './claim.ts';
import { decide, settleDecisions } from './decide.ts';
import { escalationDigest } from './escalation.ts';
import { endAttempt } from './failure.ts';
import { rememberStep } from './memory.ts';

const { db } = await testDatabase();
const human = { kind: 'human', name: 'Alem' } as const;
const memory: StepMemory = {
  ...{
    messages: [{ role: 'user', content: 'Do it.' }],
    turns: 3,
    tokens: 40,
    report: null,
    plan: null,
    findings: [],
  },
  ...{
    waiting: { kind: 'question', id: 'c1', name: 'ask_human', arguments: {}, question: 'EUR?' },
    files: null,
  },
};

async function waiting() {
  const f = await testFactory(db);
  const { taskIds } = await f.create([work('Prices')]);
  const id = taskIds[0] as number;
  await db.pool.query(
    `INSERT INTO catalogue_version(kind, name, hash, data) VALUES ('blueprint', 'build', 'b1', $1) ON CONFLICT DO NOTHING`,
    [
      {
        name: 'build',
        steps: [{ key: 'build', role: 'builder', instructions: 'Do it.', tools: ['finish'] }],
      },
    ],
  );
  const a = await f.take(id);
  const load = (attemptId: number) => loadWork(db, attemptId, () => 'x');
  const step = (await load(a.attemptId)).steps[0]?.id as number;
  const ask = async (reason: 'asked' | 'permission' = 'asked') => {
    await endAttempt(db, f.publisher, a, { kind: 'yielded', reason, question: 'EUR?' });
    const { rows } = await db.pool.query<{ id: number; kind: string }>(
      `SELECT id, kind FROM escalation WHERE task_id = $1 AND state = 'OPEN'`,
      [id],
    );
    return rows[0] as { id: number; kind: string };
  };
  return { f, id, a, load, step, ask };
}

describe('a step that waits for a human', () => {
  it('holds no slot, and its next attempt is given what it knew with his answer', async () => {
    const { f, id, a, load, step, ask } = await waiting();
    expect(await rememberStep(db, a, step, memory)).toBe('ok');
    const asked = await ask();
    expect(asked.kind).toBe('question');
    const { rows } = await db.pool.query(
      `SELECT 1 FROM attempt WHERE task_id = $1 AND state IN ('LEASED', 'RUNNING')`,
      [id],
    );
    expect(rows).toEqual([]);
    const digest = (await escalationDigest(db.pool, asked.id)) as string;
    await decide(db, { id: asked.id, answer: 'send_back', note: 'BAM', digest, undoMs: 0 }, human);
    await settleDecisions(db, f.publisher);
    const next = await f.take(id);
    expect((await load(next.attemptId)).resume).toEqual({
      ...{ stepId: step, memory },
      answer: { answer: 'send_back', by: 'Alem', note: 'BAM' },
    });
    // Lost on its way, it goes on from the same place; failed, it begins anew.
    await endAttempt(db, f.publisher, next, { kind: 'infra', code: 'X', message: 'gone' });
    const third = await f.take(id);
    expect((await load(third.attemptId)).resume?.answer?.note).toBe('BAM');
    await endAttempt(db, f.publisher, third, { kind: 'failed', cause: 'agent', code: 'X', message: 'no' });
    const fourth = await f.take(id);
    expect((await load(fourth.attemptId)).resume).toBeNull();
  });

  it('remembers nothing for a worker whose lease is gone, nor for a step that is not its own', async () => {
    const { a, step } = await waiting();
    expect(await rememberStep(db, { ...a, fence: a.fence + 99 }, step, memory)).toBe('stale');
    const other = await waiting();
    expect(await rememberStep(db, a, other.step, memory)).toBe('stale');
  });

  it('asks for a permission as such, and a rejected one fails its task', async () => {
    const { f, id, a, step, ask } = await waiting();
    await rememberStep(db, a, step, { ...memory, waiting: null });
    const asked = await ask('permission');
    expect(asked.kind).toBe('permission');
    const digest = (await escalationDigest(db.pool, asked.id)) as string;
    await decide(db, { id: asked.id, answer: 'reject', note: 'never', digest, undoMs: 0 }, human);
    await settleDecisions(db, f.publisher);
    expect((await db.pool.query('SELECT status FROM task WHERE id = $1', [id])).rows[0]).toEqual({
      status: 'FAILED',
    });
  });
});
