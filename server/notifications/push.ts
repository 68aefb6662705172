import webpush from 'web-push';
import { post } from '#server/platform/outgoing.ts';
import { retryAfter } from './policy.ts';
import { judged, type Sender } from './schema.ts';

const DAY_SECONDS = 24 * 60 * 60;
const MOST_BODY = 400;

/** Pushes to one browser: encrypted for it alone, so that the push service in between reads nothing. 404 and 410 say that it is gone. */
export const sendPush: Sender = async (m, { secrets }, context) => {
  const payload = JSON.stringify({
    title: m.title,
    body: m.body.slice(0, MOST_BODY),
    url: new URL(m.url).pathname + new URL(m.url).search,
    tag: m.key,
    urgent: m.severity === 'urgent',
  });
  const request = webpush.generateRequestDetails(
    { endpoint: secrets.endpoint ?? '', keys: { p256dh: secrets.p256dh ?? '', auth: secrets.auth ?? '' } },
    payload,
    {
      vapidDetails: context.vapid,
      TTL: DAY_SECONDS,
      urgency: m.severity === 'urgent' ? 'high' : m.severity === 'low' ? 'low' : 'normal',
      contentEncoding: 'aes128gcm',
    },
  );
  const headers = { ...(request.headers as Record<string, string | number>), 'idempotency-key': m.key };
  const answer = await post(request.endpoint, headers, request.body ?? '', context.outgoing);
  const sent = judged(answer.status, answer.text, retryAfter(answer.headers['retry-after'], context.now));
  return { ...sent, gone: answer.status === 404 || answer.status === 410 };
};
