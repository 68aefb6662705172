import nodemailer from 'nodemailer';
import { mailSettings, type Sender } from './schema.ts';

const PATIENCE = 15_000;
/** For all of it: a server that says a little now and then must not hold up everybody's notices. */
const MOST_MS = 45_000;

/** Sends one message by SMTP. The Message-ID is the same for every try, so that mailboxes know a repetition. */
export const sendMail: Sender = async (m, channel, context) => {
  const o = mailSettings.parse(channel.settings);
  const transport = nodemailer.createTransport({
    host: o.host,
    port: o.port,
    secure: o.security === 'tls',
    requireTLS: o.security === 'starttls',
    ignoreTLS: o.security === 'none',
    ...(o.user ? { auth: { user: o.user, pass: channel.secrets.password ?? '' } } : {}),
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const patience = context.outgoing.timeoutMs ?? MOST_MS;
  let clock: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    clock = setTimeout(
      () => reject(new Error(`The server had not taken it after ${patience} ms.`)),
      patience,
    );
  });
  try {
    const sending = transport.sendMail({
      from: { name: 'ALAI Mission Control', address: o.from },
      to: o.to,
      subject: m.severity === 'urgent' ? `[urgent] ${m.title}` : m.title,
      messageId: `<${m.key}@mission-control.invalid>`,
      text: `${m.title}\n\n${m.body}\n\n${m.question ? 'Look and decide' : 'Look'}: ${m.url}\n\nTo open this link decides nothing.\n`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Priority': m.severity === 'urgent' ? '1' : '3' },
    });
    // What it says after its time is over changes nothing any more.
    sending.catch(() => {});
    const info = await Promise.race([sending, tooLong]);
    return { ok: true, status: 250, response: String(info.response).slice(0, 500) };
  } catch (e) {
    const { responseCode, response, message } = e as {
      responseCode?: number;
      response?: string;
      message: string;
    };
    return {
      ok: false,
      status: responseCode ?? null,
      response: (response ?? message).slice(0, 500),
      // 5xx is the server's last word; anything else may pass.
      permanent: responseCode !== undefined && responseCode >= 500,
    };
  } finally {
    clearTimeout(clock);
    transport.close();
  }
};
