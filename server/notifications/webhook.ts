import { createHmac } from 'node:crypto';
import { post } from '#server/platform/outgoing.ts';
import { retryAfter } from './policy.ts';
import { judged, type Sender } from './schema.ts';

/** The signature of the Standard Webhooks: over id, time and body, so that none of them can be changed or sent again later. */
function signWebhook(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** Posts to another program. 410 says that the address is no more. */
export const sendWebhook: Sender = async (m, { secrets }, context) => {
  const seconds = Math.floor(context.now.getTime() / 1_000);
  const body = JSON.stringify({
    type: `mission_control.${m.kind}`,
    timestamp: m.at.toISOString(),
    data: {
      severity: m.severity,
      title: m.title,
      body: m.body,
      url: m.url,
      question: m.question ? { id: m.question.id, digest: m.question.digest } : null,
    },
  });
  const answer = await post(
    secrets.url ?? '',
    {
      'content-type': 'application/json',
      'user-agent': 'alai-mission-control',
      'idempotency-key': m.key,
      'webhook-id': m.key,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signWebhook(secrets.signingSecret ?? '', m.key, seconds, body),
    },
    body,
    context.outgoing,
  );
  const sent = judged(answer.status, answer.text, retryAfter(answer.headers['retry-after'], context.now));
  return { ...sent, gone: answer.status === 410 };
};
