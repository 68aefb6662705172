import { describe, expect, it } from 'vitest';
import { channelRulesSchema } from '#server/domain/views/notifications.ts';
import { askHuman, withdrawEscalations } from '#server/engine/escalation.ts';
import { ENGINE } from '#server/engine/event.ts';
import { stopFactory } from '#server/engine/factory.ts';
import { deliveryRoom } from '#test/deliveries.ts';
import { ceo, work } from '#test/factory.ts';

const { db, http, factory, taskIds, note, later, deliver, deliveries, hook } = await deliveryRoom();

describe('what happens', () => {
  const ask = (taskId: number) =>
    askHuman(db.pool, {
      kind: 'retries',
      taskId,
      actor: ENGINE,
      question: `What now with #${taskId}?`,
      why: 'Three tries failed',
    });

  it('is told once, however often it is read', async () => {
    const { id } = await hook();
    const asked = await ask(taskIds[0] as number);
    await ask(taskIds[0] as number);
    await Promise.all([note(), note()]);
    await note();
    await deliver();
    expect(await deliveries(id)).toHaveLength(1);
    expect(JSON.parse(http.got[0]?.body.toString() ?? '')).toMatchObject({
      type: 'mission_control.question',
      data: { url: `https://alai.example/queue?decision=${asked}`, question: { id: asked } },
    });
  });

  it('is told in text that hides and turns nothing', async () => {
    await hook();
    const taskId = taskIds[1] as number;
    const question = 'Pay\r\nBcc: all@x\u202e evil 🍱';
    await askHuman(db.pool, { kind: 'budget', taskId, actor: ENGINE, question, why: '\u001b[31mred' });
    await note();
    await deliver();
    expect(JSON.parse(http.got[0]?.body.toString() ?? '').data).toMatchObject({
      title: 'Pay Bcc: all@x\\u202e evil 🍱',
      body: 'red',
      severity: 'urgent',
    });
    await withdrawEscalations(db.pool, { taskId }, 'Cancelled');
  });

  it('is not told any more once nobody has to answer', async () => {
    const { id } = await hook();
    const taskId = taskIds[1] as number;
    await ask(taskId);
    await note();
    await withdrawEscalations(db.pool, { taskId }, 'Cancelled');
    await note();
    await deliver();
    expect(http.got).toHaveLength(0);
    expect((await deliveries(id))[0]).toMatchObject({
      state: 'CANCELLED',
      reason: 'Withdrawn before it was sent',
    });
  });

  it('waits while an answer can be taken back', async () => {
    const { id } = await hook();
    const asked = await ask(taskIds[2] as number);
    await note();
    await db.pool.query(
      `UPDATE escalation SET state = 'PENDING', answer = 'approve', answered_by = 'Alem', effective_at = now() + interval '10 s' WHERE id = $1`,
      [asked],
    );
    await deliver();
    expect((await deliveries(id))[0]).toMatchObject({
      state: 'WAITING',
      tries: 0,
      reason: 'Answered; the undo runs',
    });
    await db.pool.query(
      `UPDATE escalation SET state = 'OPEN', answer = NULL, answered_by = NULL, effective_at = NULL WHERE id = $1`,
      [asked],
    );
    later(16_000);
    await deliver();
    expect((await deliveries(id))[0]).toMatchObject({ state: 'SENT', tries: 1 });
  });

  it('of little weight is gathered, and urgent things break the quiet', async () => {
    const { id } = await hook({
      rules: channelRulesSchema.parse({ normal: 'digest', quiet: { from: '00:00', to: '23:59' } }),
    });
    await db.pool.query(`UPDATE escalation SET state = 'WITHDRAWN', closed_at = now() WHERE state = 'OPEN'`);
    for (const taskId of taskIds) await ask(taskId);
    await stopFactory(db, ceo, 'Too dear');
    await note();
    await deliver();
    expect(http.got.map((g) => JSON.parse(g.body.toString()).data.title)).toEqual([
      'Alem stopped the factory',
    ]);
    later(25 * 60 * 60_000);
    await db.pool.query(`UPDATE notification_channel SET rules = $1`, [
      JSON.stringify(channelRulesSchema.parse({ normal: 'digest' })),
    ]);
    await deliver();
    const last = JSON.parse(http.got.at(-1)?.body.toString() ?? '');
    expect(last.data).toMatchObject({ title: '3 things happened', url: 'https://alai.example/status' });
    expect((await deliveries(id)).filter((d) => d.state === 'DIGESTED')).toHaveLength(3);
  });
});

it('a flood of questions comes as twenty and one', async () => {
  const { id } = await hook();
  await db.pool.query(`UPDATE escalation SET state = 'WITHDRAWN', closed_at = now() WHERE state = 'OPEN'`);
  const many = await factory.create(Array.from({ length: 60 }, (_, n) => work(`Flood ${n}`)));
  for (const taskId of many.taskIds)
    await askHuman(db.pool, {
      kind: 'effect',
      taskId,
      actor: ENGINE,
      question: `What of #${taskId}?`,
      why: 'x',
    });
  await note();
  while ((await deliver()) > 0);
  expect(http.got).toHaveLength(20);
  later(61_000);
  while ((await deliver()) > 0);
  expect(http.got).toHaveLength(21);
  // Effects are urgent: what gathers forty of them is no less so, and wakes as each of them would have.
  expect(JSON.parse(http.got.at(-1)?.body.toString() ?? '').data).toMatchObject({
    title: '40 things happened',
    severity: 'urgent',
  });
  const { rows } = await db.pool.query<{ n: number }>(
    `SELECT count(*)::int n FROM notice_delivery WHERE channel_id = $1 AND state = 'DIGESTED'`,
    [id],
  );
  expect(rows[0]?.n).toBe(40);
});
