import { describe, expect, it } from 'vitest';
import { answers, escalationKinds, escalationViewSchema } from '#server/domain/views.ts';
import { answersOf, decide, settleDecisions, undoDecision } from '#server/engine/decide.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, route, testFactory, work } from '#test/factory.ts';
import { readEscalation, readQueue } from './data.ts';
import { consequencesOf } from './policy.ts';

const { db } = await testDatabase();
const held = route({ held: { pattern: 'regulated', reason: 'A regulated service.' } });

describe('the human queue', () => {
  it('says what each answer will do, for exactly the answers that a question takes', () => {
    for (const kind of escalationKinds) {
      const said = consequencesOf({
        kind,
        taskId: 4001,
        blocked: [4002],
        files: 3,
        project: 'Bento',
        offered: answersOf[kind],
      });
      for (const answer of answers)
        expect(said[answer] !== null, `${kind} ${answer}`).toBe(answersOf[kind].includes(answer));
    }
  });

  it('shows a held task, takes one answer, undoes it, and tells the second person who was first', async () => {
    const factory = await testFactory(db);
    const made = await factory.create([
      work('Go-live', { route: held }),
      work('After it', { dependsOn: [0] }),
    ]);
    const [item] = (await readQueue(db)).open;
    expect(item).toMatchObject({ kind: 'safety', taskId: made.taskIds[0], blocks: 1, pending: null });

    const view = escalationViewSchema.parse(await readEscalation(db, factory.timing, item?.id ?? 0));
    expect(view.consequences.send_back).toBeNull();
    expect(view.consequences.reject).toContain(`#${made.taskIds[1]} keeps waiting`);
    expect(view.blockedTasks.map((t) => t.id)).toEqual([made.taskIds[1]]);

    const answer = { id: view.id, answer: 'approve' as const, digest: view.digest, note: '', undoMs: 60_000 };
    await decide(db, answer, ceo);
    const pending = await readQueue(db);
    expect(pending.open).toHaveLength(0);
    expect(pending.answered[0]).toMatchObject({
      state: 'PENDING',
      pending: { answer: 'approve', by: 'Alem' },
    });
    await expect(decide(db, answer, { kind: 'human', name: 'Bo' })).rejects.toMatchObject({
      code: 'ALREADY_DECIDED',
      message: expect.stringContaining('Alem'),
    });

    await undoDecision(db, view.id, ceo);
    expect((await readQueue(db)).open).toHaveLength(1);

    await decide(db, { ...answer, answer: 'reject', note: 'Not now', undoMs: 0 }, ceo);
    await settleDecisions(db, factory.publisher);
    const [done] = (await readQueue(db)).answered;
    expect(done).toMatchObject({
      state: 'ANSWERED',
      decision: { answer: 'reject', by: 'Alem', note: 'Not now' },
    });
  });

  it('refuses an answer to a text that has changed since', async () => {
    const factory = await testFactory(db);
    await factory.create([work('Another go-live', { route: held })]);
    const [item] = (await readQueue(db)).open;
    const view = await readEscalation(db, factory.timing, item?.id ?? 0);
    await db.pool.query(`UPDATE task SET title = 'Another go-live, today' WHERE id = $1`, [view.taskId]);
    const late = { id: view.id, answer: 'approve' as const, digest: view.digest, note: '', undoMs: 0 };
    await expect(decide(db, late, ceo)).rejects.toMatchObject({ code: 'DIGEST_CHANGED' });
    expect((await readEscalation(db, factory.timing, view.id)).digest).not.toBe(view.digest);
  });
});
