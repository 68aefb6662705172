import nodemailer from 'nodemailer';
import { mailSettings, type Sender } from './schema.ts';

const PATIENCE = 15_000;

/** Sends one message by SMTP. The Message-ID is the same for every try, so that mailboxes know a repetition. */
export const sendMail: Sender = async (m, channel) => {
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
  try {
    const info = await transport.sendMail({
      from: { name: 'ALAI Mission Control', address: o.from },
      to: o.to,
      subject: m.severity === 'urgent' ? `[urgent] ${m.title}` : m.title,
      messageId: `<${m.key}@mission-control.invalid>`,
      text: `${m.title}\n\n${m.body}\n\n${m.question ? 'Look and decide' : 'Look'}: ${m.url}\n\nTo open this link decides nothing.\n`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Priority': m.severity === 'urgent' ? '1' : '3' },
    });
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
    transport.close();
  }
};
