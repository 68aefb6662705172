import { describe, expect, it } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import { askHuman } from '#server/engine/escalation.ts';
import { ENGINE } from '#server/engine/event.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import type { Viewer } from './auth.ts';
import { readPhone } from './phone.ts';
import type { Services } from './services.ts';

const { db } = await testDatabase();
// Two minutes without a word are silence here: what is heard of once stays so however slow the machine is.
const s = { db, timing: { ...timing(1), heartbeat: 60_000, lease: 300_000 } } as unknown as Services;
const who = (role: Viewer['role']): Viewer => ({ id: role, name: role, role, scopes: null, sessionId: null });
const phone = (role: Viewer['role'] = 'ceo') => readPhone(s, who(role));
const f = await testFactory(db, { slots: 20 });

describe('the phone', () => {
  it('of an empty factory says so, and fails at nothing', async () => {
    expect(await phone()).toMatchObject({
      title: 'Mission Control',
      needYou: 0,
      oldestAskedAt: null,
      troubles: [],
      stuck: [],
      slow: [],
      lastFinished: null,
      cards: [],
      pending: [],
    });
  });

  it('calls slow what runs longer than nine of ten of its stage did, once enough have run', async () => {
    const { taskIds } = await f.create(Array.from({ length: 6 }, (_, n) => work(`Build ${n}`)));
    const [now, ...before] = taskIds as [number, ...number[]];
    await f.take(now);
    await db.pool.query(`UPDATE attempt SET started_at = now() - interval '30 minutes' WHERE task_id = $1`, [
      now,
    ]);
    expect((await phone()).slow, 'nothing to compare with').toEqual([]);
    for (const id of before) await f.run(id);
    await db.pool.query(
      `UPDATE attempt SET started_at = now() - interval '10 minutes', ended_at = now() WHERE state = 'SUCCEEDED'`,
    );
    await db.pool.query('UPDATE attempt SET heard_at = now() WHERE task_id = $1', [now]);
    const { slow, title, running } = await phone();
    expect(slow).toMatchObject([{ taskId: now, stage: 'BUILD' }]);
    expect(slow[0]?.usualMs).toBeCloseTo(600_000, -4);
    expect({ title, running }).toEqual({ title: 'Bento', running: 1 });
    await db.pool.query(`UPDATE attempt SET started_at = now() - interval '5 minutes' WHERE task_id = $1`, [
      now,
    ]);
    expect((await phone()).slow).toEqual([]);
  });

  it('names what is silent, and what was taken from its host', async () => {
    const { taskIds } = await f.create([work('Silent')]);
    const id = taskIds[0] as number;
    await f.take(id);
    await db.pool.query(`UPDATE attempt SET heard_at = now() - interval '6 minutes' WHERE task_id = $1`, [
      id,
    ]);
    expect((await phone()).stuck).toMatchObject([{ taskId: id, title: 'Silent', unheard: true }]);
  });

  it('remembers one loss for an hour, and many as long as they are many', async () => {
    const lost = async () => (await phone()).restarted;
    const { rows } = await db.pool.query<{ id: number }>(
      `SELECT id FROM attempt WHERE state = 'SUCCEEDED' ORDER BY id LIMIT 5`,
    );
    const ids = rows.map((r) => r.id);
    // Rows of the past, as no engine would write them now.
    await db.pool.query('ALTER TABLE attempt DISABLE TRIGGER USER');
    const lose = (n: number, ago: string) =>
      db.pool.query(`UPDATE attempt SET state = 'LOST', ended_at = now() - $2::interval WHERE id = ANY($1)`, [
        ids.slice(0, n),
        ago,
      ]);
    await lose(1, '50 minutes');
    expect(await lost()).toMatchObject({ times: 1 });
    await lose(4, '70 minutes');
    expect(await lost()).toBeNull();
    await lose(5, '70 minutes');
    expect(await lost()).toMatchObject({ times: 5 });
    await db.pool.query('ALTER TABLE attempt ENABLE TRIGGER USER');
  });

  it('shows questions to all, and says to whom they are not', async () => {
    const { taskIds } = await f.create([work('Shop'), work('Till', { dependsOn: [0] })]);
    const taskId = taskIds[0] as number;
    const ask = (kind: 'retries' | 'consent') =>
      askHuman(db.pool, { kind, taskId, actor: ENGINE, question: `About ${kind}?`, why: 'x' });
    await ask('retries');
    await ask('consent');
    const owner = await phone();
    expect(owner).toMatchObject({ needYou: 2, blocked: 1 });
    expect(owner.cards.map((c) => [c.kind, c.whyNot])).toEqual(
      expect.arrayContaining([
        ['retries', null],
        ['consent', null],
      ]),
    );
    const operator = await phone('operator');
    expect(operator.cards.find((c) => c.kind === 'retries')?.whyNot).toBeNull();
    expect(operator.cards.find((c) => c.kind === 'consent')?.whyNot).toContain('Only the CEO');
    expect((await phone('viewer')).cards.every((c) => c.whyNot?.includes('may look'))).toBe(true);
    expect(owner.cards[0]?.digest).toMatch(/^[0-9a-f]{16}$/);
  });
});
