import { describe, expect, it } from 'vitest';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, route, testFactory, work } from '#test/factory.ts';
import { cancelTask } from './cancel.ts';
import { decide, settleDecisions, undoDecision } from './decide.ts';
import { askAgain, escalationDigest } from './escalation.ts';
import { invariants } from './invariants.ts';

const { db } = await testDatabase({ max: 30 });
const f = await testFactory(db);
const held = route({ held: { pattern: 'regulated', reason: 'A regulated service.' } });
const person = (name: string) => ({ kind: 'human' as const, name });

async function ask(n: number): Promise<{ id: number; taskId: number; digest: string }[]> {
  const { taskIds } = await f.create(
    Array.from({ length: n }, (_, i) => work(`Go-live ${i}`, { route: held })),
  );
  const { rows } = await db.pool.query<{ id: number; task_id: number }>(
    `SELECT id, task_id FROM escalation WHERE task_id = ANY($1) AND state = 'OPEN' ORDER BY id`,
    [taskIds],
  );
  return await Promise.all(
    rows.map(async (r) => ({
      id: r.id,
      taskId: r.task_id,
      digest: (await escalationDigest(db.pool, r.id)) as string,
    })),
  );
}
const row = async (id: number) =>
  (
    await db.pool.query<{ state: string; answer: string; answered_by: string }>(
      'SELECT state, answer, answered_by FROM escalation WHERE id = $1',
      [id],
    )
  ).rows[0] as { state: string; answer: string; answered_by: string };

describe('answered once', () => {
  it('by 20 people at 100 questions: one winner each, the others are told who and what', async () => {
    const questions = await ask(100);
    const tries = (some: typeof questions) =>
      some.flatMap((e) =>
        Array.from({ length: 20 }, async (_, i) => {
          const answer = i % 2 === 0 ? ('approve' as const) : ('reject' as const);
          return await decide(
            db,
            { id: e.id, answer, digest: e.digest, note: 'because', undoMs: 60_000 },
            person(`P${i}`),
          ).then(
            () => ({ id: e.id, by: `P${i}`, answer, refused: null }),
            (refused: { code: string; message: string }) => ({ id: e.id, by: `P${i}`, answer, refused }),
          );
        }),
      );
    const all: Awaited<ReturnType<typeof tries>[number]>[] = [];
    // 200 at once: all 2,000 would wait longer for a connection than the pool lets them where other tests run too.
    for (let at = 0; at < questions.length; at += 10)
      all.push(...(await Promise.all(tries(questions.slice(at, at + 10)))));
    for (const e of questions) {
      const mine = all.filter((t) => t.id === e.id);
      const won = mine.filter((t) => t.refused === null);
      expect(won).toHaveLength(1);
      const winner = won[0] as (typeof won)[number];
      expect(await row(e.id)).toMatchObject({
        state: 'PENDING',
        answer: winner.answer,
        answered_by: winner.by,
      });
      const did = winner.answer === 'approve' ? 'approved' : 'rejected';
      for (const lost of mine.filter((t) => t.refused !== null))
        expect(lost.refused).toMatchObject({
          code: 'ALREADY_DECIDED',
          message: `${winner.by} has answered this already: ${did}.`,
        });
    }
    await db.pool.query(
      `UPDATE escalation SET effective_at = now() - interval '1 s' WHERE state = 'PENDING'`,
    );
    // Several conductors at once write each decision once.
    const settle = async () => {
      while ((await settleDecisions(db, f.publisher)) > 0);
    };
    await Promise.all([settle(), settle(), settle()]);
    const { rows } = await db.pool.query<{ n: number }>(
      'SELECT count(*)::int n FROM decision WHERE escalation_id = ANY($1)',
      [questions.map((q) => q.id)],
    );
    expect(rows[0]?.n).toBe(100);
    expect(await invariants(db.pool, false)).toEqual([]);
  }, 180_000);

  it('also when the work is cancelled, or the question asked again, in the same moment', async () => {
    const questions = await ask(12);
    await db.pool.query(`UPDATE escalation SET expires_at = now() - interval '1 s' WHERE id = ANY($1)`, [
      questions.map((e) => e.id),
    ]);
    const decided = questions.map((e) =>
      decide(db, { ...e, answer: 'approve', note: '', undoMs: 60_000 }, ceo).then(
        () => 'taken',
        (r: { code: string }) => r.code,
      ),
    );
    const cancelled = questions
      .filter((_, i) => i % 2 === 0)
      .map((e) => transaction(db, (q) => cancelTask(q, e.taskId, ceo, 'not now')).catch(() => {}));
    const again = transaction(db, askAgain);
    const results = await Promise.all(decided);
    await Promise.all([...cancelled, again]);
    for (const [i, e] of questions.entries()) {
      const now = await row(e.id);
      const expected = results[i] === 'taken' ? ['taken', 'PENDING'] : ['ALREADY_DECIDED', 'WITHDRAWN'];
      expect([results[i], now.state]).toEqual(expected);
    }
    // An answer to work that is gone takes effect on nothing.
    await db.pool.query(
      `UPDATE escalation SET effective_at = now() - interval '1 s' WHERE state = 'PENDING'`,
    );
    await settleDecisions(db, f.publisher);
    for (const e of questions.filter((_, i) => i % 2 === 0))
      expect((await f.task(e.taskId)).status).toBe('CANCELLED');
  });

  it('and undone or final, never both', async () => {
    const questions = await ask(20);
    for (const e of questions) await decide(db, { ...e, answer: 'approve', note: '', undoMs: 15 }, ceo);
    const undone = await Promise.all([
      ...questions.map((e) =>
        undoDecision(db, e.id, ceo).then(
          () => true,
          () => false,
        ),
      ),
      settleDecisions(db, f.publisher),
      settleDecisions(db, f.publisher),
    ]);
    await db.pool.query(
      `UPDATE escalation SET effective_at = now() - interval '1 s' WHERE state = 'PENDING' AND id = ANY($1)`,
      [questions.map((e) => e.id)],
    );
    await settleDecisions(db, f.publisher);
    for (const [i, e] of questions.entries()) {
      expect((await row(e.id)).state).toBe(undone[i] ? 'OPEN' : 'ANSWERED');
      expect((await f.task(e.taskId)).status).toBe(undone[i] ? 'NEEDS_HUMAN' : 'QUEUED');
    }
  });

  it('by people only: an agent, the engine and the sweep are refused', async () => {
    const [e] = await ask(1);
    for (const kind of ['worker', 'engine', 'reaper', 'policy'] as const)
      await expect(
        decide(
          db,
          { id: e?.id ?? 0, answer: 'approve', digest: e?.digest ?? '', note: '', undoMs: 0 },
          { kind, name: 'x' },
        ),
      ).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });
});
