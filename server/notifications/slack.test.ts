import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { askHuman } from '#server/engine/escalation.ts';
import { ENGINE } from '#server/engine/event.ts';
import { deliveryRoom, rules } from '#test/deliveries.ts';
import { saveChannel } from './commands.ts';
import { isFromSlack, readSlackAction } from './slack.ts';

const { db, http, keeper, taskIds, note, deliver, deliveries } = await deliveryRoom();

describe('Slack', () => {
  it('gets buttons that carry what stood there, and only its own signature is heard', async () => {
    const channel = {
      kind: 'slack',
      settings: { users: {} },
      secrets: { url: `${http.url}/slack`, signingSecret: 'shh' },
    } as const;
    const { id } = await saveChannel(keeper, {
      id: null,
      name: 'Slack',
      userId: null,
      rules,
      channel,
      by: 'Alem',
    });
    await db.pool.query(`UPDATE escalation SET state = 'WITHDRAWN', closed_at = now() WHERE state = 'OPEN'`);
    const asked = await askHuman(db.pool, {
      kind: 'retries',
      taskId: taskIds[0] as number,
      actor: ENGINE,
      question: '<!channel> & friends?',
      why: 'x',
    });
    await note();
    await deliver();
    expect((await deliveries(id))[0]).toMatchObject({ state: 'SENT' });
    const told = JSON.parse(http.got[0]?.body.toString() ?? '');
    expect(told.blocks[0].text.text).toContain('&lt;!channel&gt; &amp; friends?');
    const values = told.blocks[1].elements.map(
      (e: { value?: string; options?: { value: string }[] }) => e.value ?? e.options?.[0]?.value,
    );
    expect(values).toEqual([
      `${asked}.abcdef0123456789.approve`,
      `${asked}.abcdef0123456789.reject`,
      undefined,
    ]);
  });

  it('is not believed when the signature is wrong, old, from the future or missing', () => {
    const now = new Date('2026-11-21T12:00:00Z');
    const body = 'payload=%7B%7D';
    const at = (seconds: number) => String(now.getTime() / 1_000 + seconds);
    const sign = (timestamp: string, key = 'shh') => ({
      timestamp,
      signature: `v0=${createHmac('sha256', key).update(`v0:${timestamp}:${body}`).digest('hex')}`,
    });
    expect(isFromSlack('shh', sign(at(-10)), body, now)).toBe(true);
    expect(isFromSlack('shh', sign(at(-10)), `${body}x`, now)).toBe(false);
    expect(isFromSlack('shh', sign(at(-10), 'other'), body, now)).toBe(false);
    expect(isFromSlack('shh', sign(at(-301)), body, now)).toBe(false);
    expect(isFromSlack('shh', sign(at(301)), body, now)).toBe(false);
    expect(isFromSlack('shh', { timestamp: null, signature: null }, body, now)).toBe(false);
    expect(isFromSlack('', sign(at(-10), ''), body, now)).toBe(false);
    expect(() => readSlackAction('payload=5')).toThrow();
    expect(() => readSlackAction('nothing')).toThrow();
  });
});
