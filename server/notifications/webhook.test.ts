import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { by, deliveryRoom } from '#test/deliveries.ts';
import { replayDelivery, sendTest } from './commands.ts';
import { readChannels } from './data.ts';

const { db, http, now, later, deliver, deliveries, hook } = await deliveryRoom();

describe('a webhook', () => {
  it('is signed, tried again with the same id, and each try is a row', async () => {
    const { id, signingSecret } = await hook();
    expect(signingSecret).toMatch(/^whsec_/);
    await sendTest(db, { channelId: id, ...by });
    http.answers.push({ status: 503, body: 'busy' }, { status: 429, headers: { 'retry-after': '90' } });
    await deliver();
    expect((await deliveries(id))[0]).toMatchObject({ state: 'WAITING', tries: 1, reason: '503: busy' });
    expect(await deliver()).toBe(0);
    later(2_000);
    await deliver();
    // It asked for 90 seconds and is not asked before.
    later(80_000);
    expect(await deliver()).toBe(0);
    later(11_000);
    await deliver();
    const [d] = await deliveries(id);
    expect(d).toMatchObject({ state: 'SENT', tries: 3 });
    expect(d?.attempts.map((a) => [a.n, a.ok, a.status])).toEqual([
      [1, false, 503],
      [2, false, 429],
      [3, true, 200],
    ]);
    expect(new Set(http.got.map((g) => g.headers['webhook-id'])).size).toBe(1);
    expect(new Set(http.got.map((g) => g.headers['idempotency-key'])).size).toBe(1);
    for (const { headers, body } of http.got) {
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body.toString()}`;
      const key = Buffer.from((signingSecret as string).slice(6), 'base64');
      const want = createHmac('sha256', key).update(signed).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${want}`);
    }
  });

  it('is given up after eight tries, and sent once more when somebody asks', async () => {
    const { id } = await hook();
    await sendTest(db, { channelId: id, ...by });
    for (let n = 0; n < 10; n++) {
      http.answers.push({ status: 500 });
      await deliver();
      later(7 * 60 * 60_000);
    }
    const [d] = await deliveries(id);
    expect(d).toMatchObject({ state: 'FAILED', tries: 8 });
    expect(d?.reason).toContain('Given up after 8 tries.');
    http.answers.length = 0;
    await expect(replayDelivery(db, { id: d?.id as number, by: 'x', userId: 'u2' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await replayDelivery(db, { id: d?.id as number, ...by });
    later(60_000);
    await deliver();
    expect((await deliveries(id))[0]).toMatchObject({ state: 'SENT', tries: 1 });
    expect(http.got.at(-1)?.headers['webhook-id']).toBe(http.got[0]?.headers['webhook-id']);
  });

  it('follows no redirect, and reaches nothing inside', async () => {
    const { id } = await hook();
    await sendTest(db, { channelId: id, ...by });
    http.answers.push({ status: 302, headers: { location: `${http.url}/secret` } });
    await deliver();
    expect(http.got.map((g) => g.path)).toEqual(['/hook']);
    expect((await deliveries(id))[0]).toMatchObject({
      state: 'FAILED',
      reason: expect.stringContaining('redirect'),
    });
    // Allowed when it was saved, not any more: judged again at the connection.
    await sendTest(db, { channelId: id, ...by });
    await deliver([]);
    expect(http.got).toHaveLength(1);
    expect((await deliveries(id))[0]).toMatchObject({ state: 'FAILED' });
    await expect(
      hook({ channel: { kind: 'webhook', settings: {}, secrets: { url: 'https://169.254.169.254/x' } } }),
    ).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it('keeps its secrets sealed, and does not take them to another address', async () => {
    const { id, signingSecret } = await hook();
    const raw = await db.pool.query<{ row: string }>(
      `SELECT c::text row FROM notification_channel c WHERE id = $1`,
      [id],
    );
    expect(raw.rows[0]?.row).not.toContain('/hook');
    const stored = Buffer.from((signingSecret as string).slice(6), 'base64').toString('hex');
    expect(raw.rows[0]?.row).not.toContain(stored);
    const [view] = await readChannels(db);
    expect(JSON.stringify(view)).not.toContain('whsec_');
    expect(view).toMatchObject({ where: http.host, secretsSet: ['url', 'signingSecret'] });
    const moved = await hook({
      id,
      channel: { kind: 'webhook', settings: {}, secrets: { url: `${http.url}/elsewhere` } },
    });
    expect(moved.signingSecret).toMatch(/^whsec_/);
    expect(moved.signingSecret).not.toBe(signingSecret);
  });

  it('that was being sent when the process ended is sent again with the same key, and says so', async () => {
    const { id } = await hook();
    const { deliveryId } = await sendTest(db, { channelId: id, ...by });
    await db.pool.query(
      `UPDATE notice_delivery SET state = 'SENDING', tries = 1, lease_until = $2 WHERE id = $1`,
      [deliveryId, new Date(now().getTime() - 1)],
    );
    await db.pool.query('INSERT INTO delivery_attempt(delivery_id, n) VALUES ($1, 1)', [deliveryId]);
    await deliver();
    const [d] = await deliveries(id);
    expect(d).toMatchObject({ state: 'SENT', tries: 2 });
    expect(d?.attempts[0]).toMatchObject({ ok: null, response: expect.stringContaining('Outcome unknown') });
  });

  it('is sent once by two conductors', async () => {
    const { id } = await hook();
    for (let i = 0; i < 6; i++) await sendTest(db, { channelId: id, ...by });
    await Promise.all([deliver(), deliver(), deliver()]);
    expect(http.got).toHaveLength(6);
  });
});
