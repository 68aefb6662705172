import { z } from 'zod';
import { mailInput, type Severity } from '#server/domain/views/notifications.ts';
import type { Answer, EscalationKind } from '#server/domain/views/queue.ts';
import type { Outgoing } from '#server/platform/outgoing.ts';

/** What is told, whatever carries it. */
export interface Message {
  /** The same for every try: receivers know a repetition by it. */
  key: string;
  kind: string;
  severity: Severity;
  title: string;
  body: string;
  /** Opens the card. To open it decides nothing. */
  url: string;
  at: Date;
  /** An open question, so that an answer can be bound to what stood there. */
  question: QuestionToTell | null;
}

export interface QuestionToTell {
  id: number;
  kind: EscalationKind;
  digest: string;
  consequences: Record<Answer, string | null>;
  reasons: string[];
}

/** What became of one try. */
export interface Sent {
  ok: boolean;
  status: number | null;
  response: string;
  retryAfterMs?: number | null;
  /** Trying again would change nothing. */
  permanent?: boolean;
  /** The address itself is no more: the channel is switched off and says so. */
  gone?: boolean;
}

export interface SendContext {
  outgoing: Outgoing;
  vapid: { publicKey: string; privateKey: string; subject: string };
  now: Date;
}

export interface Opened {
  settings: unknown;
  secrets: Record<string, string>;
}
export type Sender = (message: Message, channel: Opened, context: SendContext) => Promise<Sent>;

/** As rows hold it; what is secret is opened apart. */
export const mailSettings = mailInput.shape.settings.loose();
export const slackSettings = z.object({ users: z.record(z.string(), z.string()).default({}) });

/** Whether an answer to an HTTP request is worth another try. */
export function judged(status: number, text: string, retryAfterMs: number | null): Sent {
  const ok = status >= 200 && status < 300;
  const passing = status === 408 || status === 425 || status === 429 || status >= 500;
  const moved =
    status >= 300 && status < 400 ? `It answers with a redirect (${status}), which is not followed. ` : '';
  return {
    ok,
    status,
    response: `${moved}${text}`.slice(0, 500),
    retryAfterMs,
    permanent: !ok && !passing,
  };
}
