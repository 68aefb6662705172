import { type AddressInfo, createServer } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterAll, describe, expect, it } from 'vitest';
import { by, deliveryRoom, rules } from '#test/deliveries.ts';
import { saveChannel, sendTest } from './commands.ts';

const { db, keeper, later, deliver, deliveries } = await deliveryRoom();

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
