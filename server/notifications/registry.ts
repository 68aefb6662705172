import type { ChannelKind } from '#server/domain/views/notifications.ts';
import { sendMail } from './mail.ts';
import { sendPush } from './push.ts';
import type { Sender } from './schema.ts';
import { sendSlack } from './slack.ts';
import { sendWebhook } from './webhook.ts';

/** How each kind of channel is told. */
export const senders = {
  push: sendPush,
  slack: sendSlack,
  mail: sendMail,
  webhook: sendWebhook,
} satisfies Record<ChannelKind, Sender>;
