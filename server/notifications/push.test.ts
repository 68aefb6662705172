import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { by, deliveryRoom } from '#test/deliveries.ts';
import { sendTest, subscribe, vapidKeys } from './commands.ts';
import { readChannels } from './data.ts';

const { db, http, keeper, deliver, deliveries } = await deliveryRoom();

describe('a push', () => {
  /** What a browser does with it: RFC 8291 over RFC 8188. */
  function decrypt(body: Buffer, browser: ReturnType<typeof createECDH>, auth: Buffer): string {
    const salt = body.subarray(0, 16);
    const theirs = body.subarray(21, 21 + body.readUInt8(20));
    const shared = browser.computeSecret(theirs);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), theirs]);
    const ikm = Buffer.from(hkdfSync('sha256', shared, auth, info, 32));
    const key = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: aes128gcm\0', 16));
    const nonce = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: nonce\0', 12));
    const sealed = body.subarray(21 + theirs.length);
    const open = createDecipheriv('aes-128-gcm', key, nonce).setAuthTag(sealed.subarray(-16));
    const text = Buffer.concat([open.update(sealed.subarray(0, -16)), open.final()]);
    return text.subarray(0, text.lastIndexOf(2)).toString();
  }
  const browserOf = async (path: string) => {
    const browser = createECDH('prime256v1');
    browser.generateKeys();
    const auth = randomBytes(16);
    const keys = { p256dh: browser.getPublicKey('base64url'), auth: auth.toString('base64url') };
    const { id } = await subscribe(keeper, {
      userId: 'u1',
      by: 'Alem',
      device: 'Phone',
      timeZone: 'Europe/Stockholm',
      subscription: { endpoint: `${http.url}${path}`, keys },
    });
    return { id, browser, auth };
  };

  it('is read by that browser alone, and signed for the push service', async () => {
    const { id, browser, auth } = await browserOf('/push/1');
    await sendTest(db, { channelId: id, ...by });
    await deliver();
    const [sent] = http.got;
    expect(sent?.headers['content-encoding']).toBe('aes128gcm');
    expect(sent?.body.toString('latin1')).not.toContain('test');
    expect(JSON.parse(decrypt(sent?.body as Buffer, browser, auth))).toMatchObject({
      title: 'This is a test',
      url: '/status',
    });
    const [, jwt, k] = /^vapid t=([^,]+), k=(.+)$/.exec(String(sent?.headers.authorization)) ?? [];
    const { publicKey } = await vapidKeys(db, keeper.secret);
    expect(k).toBe(publicKey);
    const [head, claims, signature] = (jwt as string).split('.') as [string, string, string];
    const point = Buffer.from(publicKey, 'base64url');
    const key = createPublicKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        x: point.subarray(1, 33).toString('base64url'),
        y: point.subarray(33).toString('base64url'),
      },
    });
    const signed = Buffer.from(`${head}.${claims}`);
    const raw = Buffer.from(signature, 'base64url');
    expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
  });

  it('to a browser that is gone switches it off, says so, and can be turned on again', async () => {
    const { id } = await browserOf('/push/2');
    await sendTest(db, { channelId: id, ...by });
    http.answers.push({ status: 410, body: 'push subscription has unsubscribed or expired' });
    await deliver();
    expect((await deliveries(id))[0]).toMatchObject({ state: 'FAILED' });
    expect(await readChannels(db)).toMatchObject([
      { enabled: false, problem: expect.stringContaining('gone (410)') },
    ]);
    const again = await browserOf('/push/2');
    expect(again.id).toBe(id);
    expect(await readChannels(db)).toMatchObject([{ enabled: true, problem: null }]);
  });

  it('is not taken to an address inside', async () => {
    const keys = { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) };
    const subscription = { endpoint: 'https://127.0.0.1/push', keys };
    await expect(
      subscribe(keeper, { userId: 'u1', by: 'Alem', device: 'x', timeZone: 'UTC', subscription }),
    ).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });
});
