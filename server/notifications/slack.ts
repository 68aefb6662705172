import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { answerName, needsReason } from '#server/domain/answers.ts';
import type { Answer } from '#server/domain/views/queue.ts';
import { post } from '#server/platform/outgoing.ts';
import { retryAfter } from './policy.ts';
import { judged, type Message, type Sender } from './schema.ts';

/** Slack's own limits of a button's and a choice's texts. */
const MOST_LABEL = 75;
const MOST_SECTION = 2_900;
const WINDOW_SECONDS = 5 * 60;

const cut = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
/** Text of agents and tasks: Slack reads &, < and > as its own marks. */
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const label = (text: string) => ({ type: 'plain_text', text: cut(text, MOST_LABEL), emoji: false });

/** A button carries the question and the digest of what stood above it: an answer to anything else is refused. */
const boundTo = (id: number, digest: string, answer: Answer) => `${id}.${digest}.${answer}`;

function actions(m: Message): unknown[] {
  const q = m.question;
  const open = { type: 'button', action_id: 'open', text: label('Open'), url: m.url };
  if (!q) return [open];
  const offer = (answer: Answer): unknown[] => {
    const says = q.consequences[answer];
    const { name } = answerName(q.kind, answer);
    if (says === null) return [];
    if (!needsReason(q.kind, answer))
      return [
        {
          type: 'button',
          action_id: `answer:${answer}`,
          ...(answer === 'approve' ? { style: 'primary' } : {}),
          text: label(name),
          value: boundTo(q.id, q.digest, answer),
          confirm: {
            title: label(`${name}?`),
            text: { type: 'plain_text', text: cut(says, 300) },
            confirm: label(name),
            deny: label('Not now'),
          },
        },
      ];
    if (q.reasons.length === 0) return [];
    return [
      {
        type: 'static_select',
        action_id: `answer:${answer}`,
        placeholder: label(`${name} because…`),
        options: q.reasons.map((r) => ({ text: label(r), value: boundTo(q.id, q.digest, answer) })),
      },
    ];
  };
  return [...(['approve', 'send_back', 'reject'] as const).flatMap(offer), open];
}

/** Posts to an incoming webhook. The buttons come back to /api/slack/actions where a signing secret is set. */
export const sendSlack: Sender = async (m, { secrets }, context) => {
  const body = JSON.stringify({
    text: escaped(cut(m.title, MOST_SECTION)),
    blocks: [
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: cut(
            `${m.severity === 'urgent' ? '*Urgent.* ' : ''}*${escaped(m.title)}*\n${escaped(m.body)}`,
            MOST_SECTION,
          ),
        },
      },
      { type: 'actions', elements: secrets.signingSecret ? actions(m) : actions({ ...m, question: null }) },
    ],
    unfurl_links: false,
  });
  const headers = { 'content-type': 'application/json', 'idempotency-key': m.key };
  const answer = await post(secrets.url ?? '', headers, body, context.outgoing);
  const sent = judged(answer.status, answer.text, retryAfter(answer.headers['retry-after'], context.now));
  // Slack's words for a webhook that was taken back.
  return {
    ...sent,
    gone:
      [403, 404, 410].includes(answer.status) && /no_service|revoked|channel_is_archived/.test(answer.text),
  };
};

interface SignedHeaders {
  timestamp: string | null;
  signature: string | null;
}

/** Whether it could be Slack's, by its form and its time alone: what cannot be costs no secret and no database. */
export function mayBeFromSlack({ timestamp, signature }: SignedHeaders, now: Date): boolean {
  if (!/^\d{1,12}$/.test(timestamp ?? '') || !/^v0=[0-9a-f]{64}$/.test(signature ?? '')) return false;
  return Math.abs(now.getTime() / 1_000 - Number(timestamp)) <= WINDOW_SECONDS;
}

/** Whether Slack itself sent this body, within the last five minutes. */
export function isFromSlack(signingSecret: string, headers: SignedHeaders, body: string, now: Date): boolean {
  const { timestamp, signature } = headers;
  if (!signingSecret || !signature || !mayBeFromSlack(headers, now)) return false;
  const want = `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const [a, b] = [Buffer.from(want), Buffer.from(signature)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const payloadSchema = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().max(40) }),
  response_url: z.url().optional(),
  actions: z
    .array(
      z.object({
        action_id: z.string(),
        value: z.string().optional(),
        selected_option: z.object({ value: z.string(), text: z.object({ text: z.string() }) }).nullish(),
      }),
    )
    .min(1),
});

export interface SlackAnswer {
  slackUser: string;
  responseUrl: string | null;
  id: number;
  digest: string;
  answer: Answer;
  note: string;
}

/** What a button said; null for those that answer nothing (Open). Throws on anything that is not Slack's shape. */
export function readSlackAction(body: string): SlackAnswer | null {
  const payload = payloadSchema.parse(JSON.parse(new URLSearchParams(body).get('payload') ?? 'null'));
  const [action] = payload.actions;
  if (!action?.action_id.startsWith('answer:')) return null;
  const value = action.value ?? action.selected_option?.value ?? '';
  const said = /^(\d{1,15})\.([0-9a-f]{8,64})\.(approve|send_back|reject)$/.exec(value);
  if (!said) return null;
  return {
    slackUser: payload.user.id,
    responseUrl: payload.response_url ?? null,
    id: Number(said[1]),
    digest: said[2] as string,
    answer: said[3] as Answer,
    note: action.selected_option?.text.text ?? '',
  };
}
