import { describe, expect, it } from 'vitest';
import { answersOf } from '#server/domain/answers.ts';
import { caseViewSchema } from '#server/domain/views/question.ts';
import { answers, escalationKinds } from '#server/domain/views/queue.ts';
import { assignQuestion } from '#server/engine/assign.ts';
import { cancelTask } from '#server/engine/cancel.ts';
import { decide, settleDecisions, undoDecision } from '#server/engine/decide.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, route, testFactory, work } from '#test/factory.ts';
import { readEscalation, readQueue } from './data.ts';
import { consequencesOf, suggestedReasons } from './policy.ts';

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
        next: 'BUILD',
        stage: 'BUILD',
        budget: {
          scope: 'day',
          key: '',
          raise: 1,
          more: 5,
          limit: 15,
          waiting: 1,
          left: { day: 0, month: 9 },
        },
        elsewhere: { tier: 2, host: 'forge', model: 'qwen2.5-coder:32b' },
      });
      for (const answer of answers)
        expect(said[answer] !== null, `${kind} ${answer}`).toBe(answersOf[kind].includes(answer));
    }
  });

  it('offers the answers that an agent named, and only those that it named as answers', () => {
    const asked = 'Which currency comes first?\n\n1. NOK\n2. SEK';
    expect(suggestedReasons('question', [], asked).slice(0, 2)).toEqual(['NOK', 'SEK']);
    expect(suggestedReasons('question', [], 'Is 1. April meant?')).not.toContain('April meant?');
    expect(suggestedReasons('rejects', ['No alt text'], asked)[0]).toBe('No alt text');
  });

  it('shows a held task, takes one answer, undoes it, and tells the second person who was first', async () => {
    const factory = await testFactory(db);
    const made = await factory.create([
      work('Go-live', { route: held }),
      work('After it', { dependsOn: [0] }),
    ]);
    const [item] = (await readQueue(db)).open;
    expect(item).toMatchObject({ kind: 'safety', taskId: made.taskIds[0], blocks: 1, pending: null });

    const view = caseViewSchema.parse(await readEscalation(db, factory.timing, item?.id ?? 0));
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

describe('a case', () => {
  it('says who asks, what it cost and comes next, how such answers turned out, and until when it waits', async () => {
    const factory = await testFactory(db, { slots: 20 });
    // Earlier work of the same kind, which was approved and then done.
    const earlier = await factory.create([work('Approve the PSD2 go-live in Denmark', { route: held })]);
    const [before] = (await readQueue(db, { limit: 10, kind: null, assignedTo: null, q: 'Denmark' })).open;
    const seen = await readEscalation(db, factory.timing, before?.id ?? 0);
    expect(seen).toMatchObject({
      next: { stage: 'BUILD', eur: null, from: 0 },
      similar: [],
      spent: { chain: { eur: 0 } },
    });
    await decide(
      db,
      { id: seen.id, answer: 'approve', digest: seen.digest, note: 'Legal agreed', undoMs: 0 },
      ceo,
    );
    await settleDecisions(db, factory.publisher);
    await factory.run(earlier.taskIds[0] as number);
    await db.pool.query(
      'UPDATE attempt SET cost_eur = 0.25, tokens_in = 900, tokens_out = 100 WHERE task_id = $1',
      [earlier.taskIds[0]],
    );

    // Done by a person after attempts that never came to a call: it says nothing of what such work costs.
    const uncalled = await factory.create([work('Never asked a model')]);
    await factory.run(uncalled.taskIds[0] as number);

    await factory.create([work('Approve the PSD2 go-live in Norway', { route: held })]);
    const [item] = (await readQueue(db, { limit: 10, kind: 'safety', assignedTo: null, q: 'norway' })).open;
    const view = caseViewSchema.parse(await readEscalation(db, factory.timing, item?.id ?? 0));
    expect(view.askedBy).toEqual({
      who: 'The safety rule regulated',
      stage: 'BUILD',
      host: null,
      attempt: null,
    });
    expect(view.next).toEqual({ stage: 'BUILD', eur: 0.25, tokens: 1000, from: 1, sameCompany: true });
    expect(view.similar).toMatchObject([
      {
        id: seen.id,
        answer: 'approve',
        by: 'Alem',
        note: 'Legal agreed',
        outcome: 'running',
        regretted: false,
      },
    ]);
    expect(view.expiresAt.getTime() - view.askedAt.getTime()).toBeCloseTo(4 * 3_600_000, -4);
  });

  it('of work that is gone says why nobody has to answer', async () => {
    const factory = await testFactory(db);
    const { taskIds } = await factory.create([work('Pay the invoice', { route: held })]);
    const [item] = (await readQueue(db, { limit: 10, kind: null, assignedTo: null, q: 'invoice' })).open;
    await transaction(db, (q) => cancelTask(q, taskIds[0] as number, ceo, 'not now'));
    const view = await readEscalation(db, factory.timing, item?.id ?? 0);
    expect(view).toMatchObject({ state: 'WITHDRAWN', withdrawn: 'Cancelled' });
    const late = { id: view.id, answer: 'approve' as const, digest: view.digest, note: '', undoMs: 0 };
    await expect(decide(db, late, ceo)).rejects.toMatchObject({
      code: 'ALREADY_DECIDED',
      message: expect.stringContaining('withdrawn'),
    });
  });

  it('can be given to a person and back, and to nobody who may not decide', async () => {
    await db.pool.query(
      `INSERT INTO app_user(id, name, role) VALUES ('bo', 'Bo', 'operator'), ('vi', 'Vi', 'viewer') ON CONFLICT DO NOTHING`,
    );
    const factory = await testFactory(db);
    await factory.create([work('Refund the deposit', { route: held })]);
    const [item] = (await readQueue(db, { limit: 10, kind: null, assignedTo: null, q: 'deposit' })).open;
    const id = item?.id ?? 0;
    await expect(assignQuestion(db, id, 'vi', ceo)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await assignQuestion(db, id, 'bo', ceo);
    const his = await readQueue(db, { limit: 10, kind: null, assignedTo: 'bo', q: '' });
    expect(his).toMatchObject({ total: 1, open: [{ id, assigned: { id: 'bo', name: 'Bo' } }] });
    await assignQuestion(db, id, null, ceo);
    expect((await readQueue(db, { limit: 10, kind: null, assignedTo: 'bo', q: '' })).total).toBe(0);
  });
});
