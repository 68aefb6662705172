import { beforeAll, describe, expect, it } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, route, testFactory, work } from '#test/factory.ts';
import { cancelTask } from './cancel.ts';
import { decide, settleDecisions, undoDecision } from './decide.ts';
import { editTask } from './edit.ts';
import { escalationDigest } from './escalation.ts';
import { finishByHand } from './finish.ts';
import { invariants } from './invariants.ts';
import { reopenTask } from './reopen.ts';
import { sweep } from './sweep.ts';

const { db } = await testDatabase();
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db, { slots: 20 });
});
const held = route({ held: { pattern: 'regulated', reason: 'PSD2 is a regulated service.' } });
async function ask(title = 'Approve the PSD2 go-live') {
  const { taskIds } = await f.create([work(title, { route: held })]);
  const taskId = taskIds[0] as number;
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT id FROM escalation WHERE task_id = $1 AND state = 'OPEN'`,
    [taskId],
  );
  const id = rows[0]?.id as number;
  return { taskId, id, digest: (await escalationDigest(db.pool, id)) as string };
}
const answer = (id: number, digest: string, kind: 'approve' | 'reject', undoMs = 0, note = 'because') =>
  decide(db, { id, answer: kind, digest, note, undoMs }, ceo);

describe('a decision', () => {
  it('takes effect after the time to undo, by whoever looks then: approve lets it run', async () => {
    const e = await ask();
    await answer(e.id, e.digest, 'approve', 60_000);
    expect(await settleDecisions(db, f.publisher)).toBe(0);
    expect((await f.task(e.taskId)).status).toBe('NEEDS_HUMAN');
    await db.pool.query(`UPDATE escalation SET effective_at = now() - interval '1 s' WHERE id = $1`, [e.id]);
    await settleDecisions(db, f.publisher);
    expect((await f.task(e.taskId)).status).toBe('QUEUED');
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('rejecting a safety question cancels the task and its chain', async () => {
    const e = await ask();
    await answer(e.id, e.digest, 'reject');
    await settleDecisions(db, f.publisher);
    expect((await f.task(e.taskId)).status).toBe('CANCELLED');
    expect((await f.chainOf(e.taskId)).state).toBe('CANCELLED');
  });

  it('can be undone while its seconds run, and not after', async () => {
    const e = await ask();
    await answer(e.id, e.digest, 'approve', 60_000);
    await undoDecision(db, e.id, ceo);
    await answer(e.id, e.digest, 'approve');
    await settleDecisions(db, f.publisher);
    await expect(undoDecision(db, e.id, ceo)).rejects.toMatchObject({ code: 'UNDO_TOO_LATE' });
  });

  it('approves no text that was written while it took effect', async () => {
    const e = await ask();
    await answer(e.id, e.digest, 'approve');
    const editor = await db.pool.connect();
    let settled: Promise<number>;
    try {
      await editor.query('BEGIN');
      const { rows } = await editor.query<{ ver: number }>('SELECT ver FROM task WHERE id = $1', [e.taskId]);
      const patch = { description: 'And pay the fee of the regulator.' };
      await editTask(editor, e.taskId, rows[0]?.ver as number, patch, { route: held, plan: null }, ceo);
      settled = settleDecisions(db, f.publisher);
      await expect
        .poll(async () => {
          const waiting = await db.pool.query(
            `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          );
          return waiting.rowCount;
        })
        .toBe(1);
      await editor.query('COMMIT');
    } finally {
      editor.release();
    }
    await settled;
    expect(await f.task(e.taskId)).toMatchObject({ status: 'NEEDS_HUMAN', approved_digest: null });
    const { rows } = await db.pool.query('SELECT state FROM escalation WHERE id = $1', [e.id]);
    expect(rows[0]).toEqual({ state: 'OPEN' });
  });

  it('is taken once when two people decide at the same time', async () => {
    const e = await ask();
    const both = await Promise.allSettled([
      answer(e.id, e.digest, 'approve', 60_000),
      answer(e.id, e.digest, 'reject', 60_000),
    ]);
    expect(both.map((r) => r.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((r) => r.status === 'rejected')).toMatchObject({ reason: { code: 'ALREADY_DECIDED' } });
  });

  it('is bound to what was seen: an edit makes it ask again', async () => {
    const e = await ask();
    const ver = (await db.pool.query<{ ver: number }>('SELECT ver FROM task WHERE id = $1', [e.taskId]))
      .rows[0]?.ver as number;
    await answer(e.id, e.digest, 'approve', 60_000);
    await transaction(db, (q) =>
      editTask(q, e.taskId, ver, { title: 'Approve the PSD2 go-live in Norway' }, null, ceo),
    );
    await db.pool.query(`UPDATE escalation SET effective_at = now() - interval '1 s' WHERE id = $1`, [e.id]);
    await settleDecisions(db, f.publisher);
    expect((await f.task(e.taskId)).status).toBe('NEEDS_HUMAN');
    await expect(answer(e.id, e.digest, 'approve')).rejects.toMatchObject({ code: 'DIGEST_CHANGED' });
  });

  it('that nobody takes is asked again, louder, and never taken by time', async () => {
    const e = await ask();
    await db.pool.query(`UPDATE escalation SET expires_at = now() - interval '1 s' WHERE id = $1`, [e.id]);
    await sweep(db, f.publisher, timing(1));
    const asked = await db.pool.query('SELECT state, asked_times FROM escalation WHERE id = $1', [e.id]);
    expect(asked.rows).toEqual([{ state: 'OPEN', asked_times: 2 }]);
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('needs a reason to reject', async () => {
    const e = await ask();
    await expect(answer(e.id, e.digest, 'reject', 0, '  ')).rejects.toMatchObject({
      code: 'REASON_REQUIRED',
    });
  });
});

describe('a human command', () => {
  it('cancels a running chain, and its dependants say so and ask', async () => {
    const { taskIds } = await f.create([work('Schema'), work('API', { dependsOn: [0] })]);
    const [schema, api] = taskIds as [number, number];
    const a = await f.take(schema);
    await transaction(db, (q) => cancelTask(q, schema, ceo, 'not now'));
    expect(
      await f.checkpoint({
        ...a,
        commit: null,
        output: { text: '', report: null, findings: [], tree: null },
      }),
    ).toBe('stale');
    await sweep(db, f.publisher, f.timing);
    const asked = await db.pool.query(`SELECT kind FROM escalation WHERE task_id = $1 AND state = 'OPEN'`, [
      api,
    ]);
    expect(asked.rows).toEqual([{ kind: 'dependency' }]);
    expect((await invariants(db.pool, false)).filter((v) => v.id === schema)).toEqual([]);
  });

  it('done by hand lets dependants go on; reopening makes a new chain', async () => {
    const { taskIds } = await f.create([work('Logo', {}), work('Landing', { dependsOn: [0] })]);
    const [logo, landing] = taskIds as [number, number];
    await db.pool.query('SELECT 1');
    await transaction(db, (q) => cancelTask(q, logo, ceo, 'wrong text'));
    const again = await transaction(db, (q) => reopenTask(q, logo, ceo, 'after all'));
    expect(again.map((d) => d.taskId)).toEqual([logo]);
    const chain = await f.chainOf(logo);
    expect(chain).toMatchObject({ state: 'ACTIVE', generation: 2 });
    await expect(transaction(db, (q) => finishByHand(q, logo, ceo, 'I drew it'))).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
    expect((await f.task(landing)).status).toBe('OPEN');
  });
});
