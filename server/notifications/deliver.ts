import { randomUUID } from 'node:crypto';
import { isAlaiError } from '#server/domain/errors.ts';
import { type Severity, severities } from '#server/domain/views/notifications.ts';
import { type Db, toText, transaction } from '#server/platform/db.ts';
import type { Outgoing } from '#server/platform/outgoing.ts';
import { vapidKeys } from './commands.ts';
import { channelRow, rulesOf, secretsOf } from './data.ts';
import { backoff, MOST_TRIES, quietUntil } from './policy.ts';
import { senders } from './registry.ts';
import type { Message, QuestionToTell, Sent } from './schema.ts';

/** What delivering needs from the other rooms and from outside. */
export interface DeliverPorts {
  db: Db;
  secret: string;
  /** The address people open. */
  publicUrl: string;
  outgoing: Outgoing;
  /** What an answer would be bound to; null when it is not open any more. */
  question: (id: number) => Promise<QuestionToTell | null>;
  /** The first wait between two tries; doubled each time. */
  baseMs: number;
  now?: () => Date;
}

const AT_ONCE = 10;
const LEASE_MS = 60_000;
/** While an answer can still be taken back, nobody is told and nothing is cancelled. */
const UNDO_PAUSE_MS = 15_000;

interface Due {
  id: number;
  channel_id: number;
  idempotency_key: string;
  tries: number;
  replayed_by: string | null;
  kind: string;
  severity: Severity;
  title: string;
  body: string;
  path: string;
  created_at: Date;
  escalation_id: number | null;
  escalation_state: string | null;
}

/** Sends what is due; returns how many were tried. Several conductors share the work, none sends what another sends. */
export async function deliverDue(p: DeliverPorts): Promise<number> {
  const now = p.now?.() ?? new Date();
  await takeBackLost(p.db, now);
  await gatherDigests(p.db, now);
  const { rows } = await p.db.pool.query<Due>(
    `UPDATE notice_delivery d SET state = 'SENDING', tries = d.tries + 1, lease_until = $1::timestamptz + make_interval(secs => $3 / 1000.0)
     FROM notice n LEFT JOIN escalation e ON e.id = n.escalation_id
     WHERE n.id = d.notice_id AND d.id IN (SELECT id FROM notice_delivery WHERE state = 'WAITING' AND NOT digest AND next_at <= $1
       ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING d.id, d.channel_id, d.idempotency_key, d.tries, d.replayed_by, n.kind, n.severity, n.title, n.body, n.path,
       n.created_at, n.escalation_id, e.state escalation_state`,
    [now, AT_ONCE, LEASE_MS],
  );
  await Promise.all(rows.map((d) => deliverOne(p, d, now)));
  return rows.length;
}

/** A process ended while it sent: nobody knows whether it arrived. It is sent again with the same key, and says so. */
async function takeBackLost(db: Db, now: Date): Promise<void> {
  await db.pool.query(
    `WITH lost AS (UPDATE notice_delivery SET state = 'WAITING', reason = 'The try before ended unknown; sent again with the same key'
       WHERE state = 'SENDING' AND lease_until < $1 RETURNING id)
     UPDATE delivery_attempt a SET ended_at = clock_timestamp(), response = 'Outcome unknown: the process ended while it was sent.'
     FROM lost WHERE a.delivery_id = lost.id AND a.ended_at IS NULL`,
    [now],
  );
}

/** What was gathered for a channel becomes one message. */
async function gatherDigests(db: Db, now: Date): Promise<void> {
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ id: number; channel_id: number; title: string; severity: Severity }>(
      `SELECT d.id, d.channel_id, n.title, n.severity FROM notice_delivery d JOIN notice n ON n.id = d.notice_id
       WHERE d.state = 'WAITING' AND d.digest AND d.next_at <= $1 ORDER BY d.id LIMIT 5000 FOR UPDATE OF d SKIP LOCKED`,
      [now],
    );
    for (const [channelId, members] of Map.groupBy(rows, (r) => r.channel_id)) {
      if (members.length === 1) {
        await q.query('UPDATE notice_delivery SET digest = false WHERE id = $1', [members[0]?.id]);
        continue;
      }
      const notice = await q.query<{ id: number }>(
        `INSERT INTO notice(key, kind, severity, title, body, path) VALUES ($1, 'digest', $4, $2, $3, '/status') RETURNING id`,
        [
          `digest:${channelId}:${members.at(-1)?.id}`,
          `${members.length} things happened`,
          members
            .map((m) => `• ${m.title}`)
            .join('\n')
            .slice(0, 4_000),
          // As grave as the gravest in it: quiet hours must not hold back what may wake.
          severities.find((s) => members.some((m) => m.severity === s)),
        ],
      );
      const head = await q.query<{ id: number }>(
        `INSERT INTO notice_delivery(notice_id, channel_id, idempotency_key, next_at) VALUES ($1, $2, $3, $4) RETURNING id`,
        [notice.rows[0]?.id, channelId, randomUUID(), now],
      );
      await q.query(
        `UPDATE notice_delivery SET state = 'DIGESTED', digest_of = $2, reason = 'Told in a digest', ended_at = clock_timestamp()
         WHERE id = ANY($1)`,
        [members.map((m) => m.id), head.rows[0]?.id],
      );
    }
  });
}

type End =
  | { state: 'SENT' | 'FAILED' | 'CANCELLED'; reason: string }
  | { state: 'WAITING'; reason: string; at: Date };

/** Only who still holds this very try may end it: after its lease somebody else may be at the next one. */
async function end(db: Db, d: Due, how: End, uncounted = false): Promise<void> {
  await db.pool.query(
    `UPDATE notice_delivery SET state = $2, reason = $3, lease_until = NULL, next_at = coalesce($4, next_at),
       tries = tries - $5::int, ended_at = CASE WHEN $2 = 'WAITING' THEN NULL ELSE clock_timestamp() END
     WHERE id = $1 AND state = 'SENDING' AND tries = $6`,
    [
      d.id,
      how.state,
      toText(how.reason).slice(0, 500),
      how.state === 'WAITING' ? how.at : null,
      uncounted ? 1 : 0,
      d.tries,
    ],
  );
}

async function deliverOne(p: DeliverPorts, d: Due, now: Date): Promise<void> {
  const channel = await channelRow(p.db.pool, d.channel_id);
  if (d.replayed_by === null) {
    if (d.escalation_state === 'ANSWERED' || d.escalation_state === 'WITHDRAWN')
      return await end(p.db, d, { state: 'CANCELLED', reason: 'Nobody has to answer it any more' }, true);
    if (d.escalation_state === 'PENDING')
      return await end(
        p.db,
        d,
        { state: 'WAITING', reason: 'Answered; the undo runs', at: new Date(now.getTime() + UNDO_PAUSE_MS) },
        true,
      );
    if (!channel.enabled)
      return await end(
        p.db,
        d,
        { state: 'CANCELLED', reason: channel.problem ?? 'The channel is off' },
        true,
      );
    const rules = rulesOf(channel.rules);
    const quiet = d.severity === 'urgent' && rules.urgentWakes ? null : quietUntil(rules, now);
    if (quiet)
      return await end(
        p.db,
        d,
        { state: 'WAITING', reason: `Quiet hours until ${rules.quiet?.to}`, at: quiet },
        true,
      );
  }
  const attempt = await p.db.pool.query<{ id: number }>(
    'INSERT INTO delivery_attempt(delivery_id, n) SELECT $1, count(*) + 1 FROM delivery_attempt WHERE delivery_id = $1 RETURNING id',
    [d.id],
  );
  const started = performance.now();
  const sent = await send(p, d, channel, now);
  await p.db.pool.query(
    `UPDATE delivery_attempt SET ended_at = clock_timestamp(), ok = $2, status = $3, response = $4, ms = $5 WHERE id = $1`,
    [
      attempt.rows[0]?.id,
      sent.ok,
      sent.status,
      toText(sent.response).slice(0, 500),
      Math.round(performance.now() - started),
    ],
  );
  if (sent.gone)
    await p.db.pool.query(`UPDATE notification_channel SET enabled = false, problem = $2 WHERE id = $1`, [
      d.channel_id,
      channel.kind === 'push'
        ? `This browser's push address is gone (${sent.status}). Turn push on again in that browser.`
        : `The address is gone (${sent.status}). Enter another one.`,
    ]);
  if (sent.ok) return await end(p.db, d, { state: 'SENT', reason: '' });
  const why = sent.status === null ? sent.response : `${sent.status}: ${sent.response}`;
  if (sent.gone || sent.permanent || d.tries >= MOST_TRIES)
    return await end(p.db, d, {
      state: 'FAILED',
      reason: sent.gone || sent.permanent ? why : `${why} Given up after ${d.tries} tries.`,
    });
  const wait = backoff(d.tries, { base: p.baseMs, retryAfterMs: sent.retryAfterMs, random: Math.random() });
  await end(p.db, d, { state: 'WAITING', reason: why, at: new Date(now.getTime() + wait) });
}

async function send(
  p: DeliverPorts,
  d: Due,
  channel: Awaited<ReturnType<typeof channelRow>>,
  now: Date,
): Promise<Sent> {
  try {
    const question =
      d.escalation_id === null || channel.kind === 'push' ? null : await p.question(d.escalation_id);
    const message: Message = {
      key: d.idempotency_key,
      kind: d.kind,
      severity: d.severity,
      title: d.title,
      body: d.body,
      url: `${p.publicUrl}${d.path}`,
      at: d.created_at,
      question,
    };
    const vapid = { ...(await vapidKeys(p.db, p.secret)), subject: subjectOf(p.publicUrl) };
    const opened = { settings: channel.settings, secrets: secretsOf(channel, p.secret) };
    return await senders[channel.kind](message, opened, { outgoing: p.outgoing, vapid, now });
  } catch (e) {
    const said = e instanceof Error ? e.message || e.name : String(e);
    // A refusal of ours (an inner address, a secret that cannot be opened) will be the same next time.
    return { ok: false, status: null, response: said.slice(0, 500), permanent: isAlaiError(e) };
  }
}

/** Whom a push service may turn to; it must be https or a mailbox, which a server on this machine has not. */
const subjectOf = (publicUrl: string) =>
  publicUrl.startsWith('https://') ? publicUrl : 'mailto:operator@mission-control.invalid';
