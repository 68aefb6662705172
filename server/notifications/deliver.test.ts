import {
  createDecipheriv,
  createECDH,
  createHmac,
  createPublicKey,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { channelRulesSchema } from '#server/domain/views/notifications.ts';
import { askHuman, withdrawEscalations } from '#server/engine/escalation.ts';
import { ENGINE } from '#server/engine/event.ts';
import { stopFactory } from '#server/engine/factory.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { receiver } from '#test/receiver.ts';
import {
  replayDelivery,
  saveChannel,
  sendTest,
  setChannel,
  subscribe,
  unsubscribe,
  vapidKeys,
} from './commands.ts';
import { readChannels, readDeliveries } from './data.ts';
import { deliverDue } from './deliver.ts';
import { noteEvents } from './notices.ts';
import { isFromSlack, readSlackAction } from './slack.ts';

const { db } = await testDatabase();
const http = await receiver();
const secret = 's'.repeat(40);
const keeper = { db, secret, outgoing: { allow: [http.host] } };
const rules = channelRulesSchema.parse({});
const question = async (id: number) => ({
  id,
  kind: 'consent' as const,
  digest: 'abcdef0123456789',
  consequences: { approve: 'Merges 2 files.', send_back: null, reject: 'Ends it.' },
  reasons: ['Not now'],
});

let clock = new Date();
const later = (ms: number) => {
  clock = new Date(clock.getTime() + ms);
};
const deliver = (allow = [http.host], timeoutMs?: number) =>
  deliverDue({
    db,
    secret,
    publicUrl: 'https://alai.example',
    outgoing: { allow, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    question,
    baseMs: 1_000,
    now: () => clock,
  });
/** Reads the log to its end: events stay unread for as long as any older transaction of the whole server runs. */
async function note(): Promise<void> {
  for (;;) {
    await noteEvents(db, clock);
    const { rows } = await db.pool.query(
      `SELECT 1 FROM event e, notification_cursor c
       WHERE (e.xid, e.seq) > (split_part(c.cursor, '-', 1)::xid8, split_part(c.cursor, '-', 2)::bigint) LIMIT 1`,
    );
    if (rows.length === 0) return;
    await new Promise((r) => setTimeout(r, 10));
  }
}
const deliveries = (channelId: number) => readDeliveries(db, { limit: 100, channelId });
const by = { userId: null, by: 'Alem' };

async function hook(over: object = {}): Promise<{ id: number; signingSecret: string | null }> {
  const channel = { kind: 'webhook', settings: {}, secrets: { url: `${http.url}/hook` } } as const;
  return await saveChannel(keeper, {
    id: null,
    name: 'Hook',
    userId: null,
    rules,
    channel,
    by: 'Alem',
    ...over,
  });
}

await db.pool.query(
  `INSERT INTO app_user(id, name, role) VALUES ('u1', 'Alem', 'ceo'), ('u2', 'Berit', 'operator')`,
);
const f = await testFactory(db);
const { taskIds } = await f.create([work('Pricing'), work('Menu'), work('Legal')]);
// What was before the first round is not news.
await note();

beforeEach(async () => {
  http.got.length = 0;
  http.answers.length = 0;
  // Messages are due by the database's clock, and a busy machine must not overtake ours.
  clock = new Date(Date.now() + 60_000);
  await note();
  await db.pool.query('DELETE FROM notification_channel');
});

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
      [deliveryId, new Date(clock.getTime() - 1)],
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

describe('mail', () => {
  const letters: string[] = [];
  let refuse: { code: number; text: string } | null = null;
  const smtp = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'factory' && password === 'pass word'
        ? done(null, { user: username })
        : done(new Error('no such user')),
    onRcptTo: (_to, _session, done) =>
      done(refuse ? Object.assign(new Error(refuse.text), { responseCode: refuse.code }) : undefined),
    onData: (stream, _session, done) => {
      let text = '';
      stream.on('data', (part: Buffer) => {
        text += part.toString();
      });
      stream.on('end', () => {
        letters.push(text);
        done();
      });
    },
  });
  const ready = new Promise<void>((done) => smtp.listen(0, '127.0.0.1', () => done()));
  afterAll(() => new Promise<void>((done) => smtp.close(() => done())));
  const mailbox = async (password = 'pass word', security: 'none' | 'starttls' | 'tls' = 'none') => {
    await ready;
    const { port } = smtp.server.address() as AddressInfo;
    const settings = {
      host: '127.0.0.1',
      port,
      security,
      user: 'factory',
      from: 'a@alai.example',
      to: 'ceo@alai.example',
    };
    const channel = { kind: 'mail', settings, secrets: { password } } as const;
    return (await saveChannel(keeper, { id: null, name: 'Mail', userId: 'u1', rules, channel, by: 'Alem' }))
      .id;
  };

  it('arrives by a real SMTP server, with the link and a name that a repetition keeps', async () => {
    const id = await mailbox();
    await sendTest(db, { channelId: id, ...by });
    refuse = { code: 451, text: 'greylisted' };
    await deliver();
    expect((await deliveries(id))[0]).toMatchObject({
      state: 'WAITING',
      reason: expect.stringContaining('451'),
    });
    refuse = null;
    later(5_000);
    await deliver();
    const [d] = await deliveries(id);
    expect(d).toMatchObject({ state: 'SENT' });
    expect(letters.at(-1)).toContain('To: ceo@alai.example');
    expect(letters.at(-1)).toContain('https://alai.example/status');
    expect(letters.at(-1)).toMatch(/Message-ID: <[0-9a-f-]{36}@/);
  });

  it('to a server that says a little now and then is given up in time', async () => {
    const slow = createServer((socket) => {
      const drip = setInterval(() => socket.write('220-wait\r\n'), 20);
      socket.on('error', () => {}).on('close', () => clearInterval(drip));
    });
    await new Promise<void>((done) => slow.listen(0, '127.0.0.1', done));
    const { port } = slow.address() as AddressInfo;
    const settings = {
      host: '127.0.0.1',
      port,
      security: 'none',
      user: '',
      from: 'a@b.example',
      to: 'c@d.example',
    } as const;
    const channel = { kind: 'mail', settings, secrets: {} } as const;
    const { id } = await saveChannel(keeper, {
      id: null,
      name: 'M',
      userId: null,
      rules,
      channel,
      by: 'Alem',
    });
    await sendTest(db, { channelId: id, ...by });
    await deliver([], 300);
    expect((await deliveries(id))[0]).toMatchObject({
      state: 'WAITING',
      reason: expect.stringContaining('had not taken it after 300 ms'),
    });
    slow.close();
  }, 10_000);

  it('that is refused for good is not tried again; a wrong password says so', async () => {
    const id = await mailbox();
    await sendTest(db, { channelId: id, ...by });
    refuse = { code: 550, text: 'no such mailbox' };
    await deliver();
    refuse = null;
    expect((await deliveries(id))[0]).toMatchObject({
      state: 'FAILED',
      reason: expect.stringContaining('no such mailbox'),
    });
    const wrong = await mailbox('wrong');
    await sendTest(db, { channelId: wrong, ...by });
    await deliver();
    expect((await deliveries(wrong))[0]).toMatchObject({
      state: 'FAILED',
      reason: expect.stringContaining('535'),
    });
  });

  it('is never sent in the clear where encryption was asked for', async () => {
    const id = await mailbox('pass word', 'tls');
    await sendTest(db, { channelId: id, ...by });
    const before = letters.length;
    await deliver();
    expect((await deliveries(id))[0]?.attempts[0]).toMatchObject({ ok: false });
    expect(letters).toHaveLength(before);
  });
});

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
    const { publicKey } = await vapidKeys(db, secret);
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
  const many = await f.create(Array.from({ length: 60 }, (_, n) => work(`Flood ${n}`)));
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
