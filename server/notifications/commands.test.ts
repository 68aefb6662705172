import { describe, expect, it } from 'vitest';
import { by, deliveryRoom } from '#test/deliveries.ts';
import { replayDelivery, sendTest, setChannel, subscribe, unsubscribe } from './commands.ts';
import { readChannels } from './data.ts';

const { db, http, keeper, deliver, hook } = await deliveryRoom();

describe('a channel', () => {
  it('that was switched off stays off when it is changed', async () => {
    const { id } = await hook();
    await setChannel(db, { id, enabled: false, ...by });
    await hook({ id, name: 'Renamed' });
    expect(await readChannels(db)).toMatchObject([{ id, name: 'Renamed', enabled: false }]);
  });

  it('is nobody’s who does not exist', async () => {
    await expect(hook({ userId: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('leaves a trail of who made, tried, replayed and removed it', async () => {
    const { rows: last } = await db.pool.query<{ seq: number }>('SELECT max(seq) seq FROM event');
    const { id } = await hook();
    const { deliveryId } = await sendTest(db, { channelId: id, ...by });
    await deliver();
    await replayDelivery(db, { id: deliveryId, ...by });
    const subscription = {
      endpoint: `${http.url}/push/trail`,
      keys: { p256dh: 'x'.repeat(87), auth: 'y'.repeat(22) },
    };
    const mine = { userId: 'u1', by: 'Alem' };
    await subscribe(keeper, { ...mine, device: 'Phone', subscription, timeZone: 'UTC' });
    await unsubscribe(db, { ...mine, endpoint: subscription.endpoint });
    const { rows } = await db.pool.query<{ type: string }>(
      `SELECT type FROM event WHERE seq > $1 AND actor = 'Alem' AND entity = 'notification_channel' ORDER BY seq`,
      [last[0]?.seq],
    );
    expect(rows.map((r) => r.type.replace('notifications.', ''))).toEqual([
      'added',
      'tested',
      'replayed',
      'added',
      'removed',
    ]);
  });
});
