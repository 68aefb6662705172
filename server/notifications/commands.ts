import { createECDH, createHash, randomBytes, randomUUID } from 'node:crypto';
import { AlaiError } from '#server/domain/errors.ts';
import {
  type ChannelInput,
  type ChannelRules,
  channelRulesSchema,
  type Subscription,
} from '#server/domain/views/notifications.ts';
import { appendEvents } from '#server/engine/event.ts';
import { type Db, type Queryable, toJson, transaction } from '#server/platform/db.ts';
import { type Outgoing, requireOuter } from '#server/platform/outgoing.ts';
import { seal, unseal } from '#server/platform/sealed.ts';
import { channelRow, SEALED_FOR, secretsOf } from './data.ts';

/** What writing needs to know beside the database. */
export interface Keeper {
  db: Db;
  /** The installation's secret, for what is sealed. */
  secret: string;
  outgoing: Outgoing;
}

/** Who changed where people are told: part of the trail, like every other change. */
const record = (q: Queryable, what: string, id: number, by: string, data: Record<string, unknown> = {}) =>
  appendEvents(q, [
    {
      type: `notifications.${what}`,
      entity: 'notification_channel',
      id,
      ver: 1,
      actor: { kind: 'human', name: by },
      data,
    },
  ]);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const missing = (what: string) =>
  new AlaiError('BAD_INPUT', `${what} is missing.`, 'Enter it; it is sealed and never shown again.');

/** Where a channel goes, as it may be shown: the secret part of an address is its path. */
async function whereOf(k: Keeper, input: ChannelInput, secrets: Record<string, string>): Promise<string> {
  if (input.kind === 'mail') return input.settings.to;
  if (!secrets.url) throw missing('The address');
  return (await requireOuter(secrets.url, k.outgoing)).host;
}

/** Secrets as they will be: new ones over those that are there, which do not follow to another address. */
function merged(
  input: ChannelInput,
  before: { secrets: Record<string, string>; settings: Record<string, unknown> } | null,
): Record<string, string> {
  const given = Object.fromEntries(
    Object.entries(input.secrets).filter(([, v]) => v !== undefined && v !== ''),
  );
  const kept = { ...before?.secrets };
  const elsewhere =
    input.kind === 'mail'
      ? before !== null && before.settings.host !== input.settings.host
      : given.url !== undefined && kept.url !== undefined && given.url !== kept.url;
  if (elsewhere) for (const name of ['password', 'signingSecret']) delete kept[name];
  const secrets = { ...kept, ...given } as Record<string, string>;
  if (input.kind === 'webhook') secrets.signingSecret ??= `whsec_${randomBytes(32).toString('base64')}`;
  return secrets;
}

/**
 * Makes or changes a channel. A signing secret that was made here is returned this once. Throws ADDRESS_REFUSED for what lies in
 * the inner net.
 */
export async function saveChannel(
  k: Keeper,
  o: {
    id: number | null;
    name: string;
    userId: string | null;
    rules: ChannelRules;
    channel: ChannelInput;
    by: string;
  },
): Promise<{ id: number; signingSecret: string | null }> {
  const row = o.id === null ? null : await channelRow(k.db.pool, o.id);
  if (row && row.kind !== o.channel.kind)
    throw new AlaiError('BAD_INPUT', 'A channel keeps its kind.', 'Remove it and add another.');
  const before = row ? { secrets: secretsOf(row, k.secret), settings: row.settings } : null;
  const secrets = merged(o.channel, before);
  const where = await whereOf(k, o.channel, secrets);
  const settings = toJson({ ...o.channel.settings, where, secretNames: Object.keys(secrets) });
  const sealed = seal(k.secret, SEALED_FOR, JSON.stringify(secrets));
  const made =
    o.channel.kind === 'webhook' &&
    secrets.signingSecret !== before?.secrets.signingSecret &&
    !o.channel.secrets.signingSecret
      ? (secrets.signingSecret ?? null)
      : null;
  const values = [o.name, o.userId, settings, sealed, toJson(o.rules)];
  const id = await transaction(k.db, async (q) => {
    const owner = 'SELECT 1 FROM app_user WHERE id = $1';
    if (o.userId !== null && !(await q.query(owner, [o.userId])).rowCount)
      throw new AlaiError('NOT_FOUND', 'There is no such person.', 'Choose one from the list of people.');
    const { rows } = row
      ? await q.query<{ id: number }>(
          `UPDATE notification_channel SET name = $1, user_id = $2, settings = $3, secrets = $4, rules = $5,
             enabled = enabled OR problem IS NOT NULL, problem = NULL
           WHERE id = $6 RETURNING id`,
          [...values, row.id],
        )
      : await q.query<{ id: number }>(
          `INSERT INTO notification_channel(name, user_id, settings, secrets, rules, kind, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
          [...values, o.channel.kind, o.by],
        );
    const saved = (rows[0] as { id: number }).id;
    await record(q, row ? 'changed' : 'added', saved, o.by, { kind: o.channel.kind, name: o.name, where });
    return saved;
  });
  return { id, signingSecret: made };
}

/** Rules and the switch alone; `userId` is given where somebody may change his own only. */
export async function setChannel(
  db: Db,
  o: { id: number; rules?: ChannelRules; enabled?: boolean; userId: string | null; by: string },
): Promise<void> {
  await transaction(db, async (q) => {
    const { rowCount } = await q.query(
      `UPDATE notification_channel SET rules = coalesce($2::jsonb, rules), enabled = coalesce($3, enabled),
         problem = CASE WHEN $3 THEN NULL ELSE problem END
       WHERE id = $1 AND ($4::text IS NULL OR user_id = $4)`,
      [o.id, o.rules ? toJson(o.rules) : null, o.enabled ?? null, o.userId],
    );
    if (!rowCount) throw noChannel();
    await record(q, 'changed', o.id, o.by, { rules: o.rules ?? null, enabled: o.enabled ?? null });
  });
}

/** Takes a channel away, with its deliveries. */
export async function removeChannel(
  db: Db,
  o: { id: number; userId: string | null; by: string },
): Promise<void> {
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ kind: string; name: string }>(
      'DELETE FROM notification_channel WHERE id = $1 AND ($2::text IS NULL OR user_id = $2) RETURNING kind, name',
      [o.id, o.userId],
    );
    const [gone] = rows;
    if (!gone) throw noChannel();
    await record(q, 'removed', o.id, o.by, { ...gone });
  });
}

/** One browser of one person. Subscribing again, or by the next one who uses it, changes the same row. */
export async function subscribe(
  k: Keeper,
  o: { userId: string; by: string; device: string; subscription: Subscription; timeZone: string },
): Promise<{ id: number }> {
  const { endpoint, keys } = o.subscription;
  const where = (await requireOuter(endpoint, k.outgoing)).host;
  return await transaction(k.db, async (q) => {
    const { rows } = await q.query<{ id: number }>(
      `INSERT INTO notification_channel(kind, name, user_id, settings, secrets, address_hash, rules, created_by)
       VALUES ('push', $1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (address_hash) DO UPDATE SET name = excluded.name, user_id = excluded.user_id, settings = excluded.settings,
         secrets = excluded.secrets, enabled = true, problem = NULL
       RETURNING id`,
      [
        o.device,
        o.userId,
        toJson({ where, secretNames: [] }),
        seal(k.secret, SEALED_FOR, JSON.stringify({ endpoint, ...keys })),
        sha256(endpoint),
        toJson(channelRulesSchema.parse({ timeZone: o.timeZone })),
        o.by,
      ],
    );
    const made = rows[0] as { id: number };
    await record(q, 'added', made.id, o.by, { kind: 'push', name: o.device, where });
    return made;
  });
}

/** This browser is not told any more. Nothing to take away is no mistake. */
export async function unsubscribe(
  db: Db,
  o: { userId: string; by: string; endpoint: string },
): Promise<void> {
  await transaction(db, async (q) => {
    const { rows } = await q.query<{ id: number; kind: string; name: string }>(
      'DELETE FROM notification_channel WHERE address_hash = $1 AND user_id = $2 RETURNING id, kind, name',
      [sha256(o.endpoint), o.userId],
    );
    for (const { id, ...gone } of rows) await record(q, 'removed', id, o.by, gone);
  });
}

const VAPID = 'vapid';

/** The key pair by which push services know this installation; made at first use. */
export async function vapidKeys(db: Db, secret: string): Promise<{ publicKey: string; privateKey: string }> {
  const known = await db.pool.query<{ public_part: string; secret_part: Buffer }>(
    'SELECT public_part, secret_part FROM notification_key WHERE name = $1',
    [VAPID],
  );
  const [row] = known.rows;
  if (row) return { publicKey: row.public_part, privateKey: unseal(secret, VAPID, row.secret_part) };
  const pair = createECDH('prime256v1');
  const publicKey = pair.generateKeys('base64url');
  // Leading zeros belong to it: a shorter number is another key to those who read it.
  const privateKey = Buffer.from(pair.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url');
  await db.pool.query(
    'INSERT INTO notification_key(name, public_part, secret_part) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [VAPID, publicKey, seal(secret, VAPID, privateKey)],
  );
  return await vapidKeys(db, secret);
}

const noChannel = () =>
  new AlaiError('NOT_FOUND', 'This channel does not exist.', 'See Settings, Notifications.');

/** A notice to one channel, now, whatever its rules say. */
export async function sendTest(
  db: Db,
  o: { channelId: number; by: string; userId: string | null },
): Promise<{ deliveryId: number }> {
  return await transaction(db, async (q) => {
    const channel = await channelRow(q, o.channelId);
    if (o.userId !== null && channel.user_id !== o.userId) throw noChannel();
    const { rows } = await q.query<{ id: number }>(
      `INSERT INTO notice(key, kind, severity, title, body, path) VALUES ($1, 'test', 'normal', 'This is a test', $2, '/status') RETURNING id`,
      [`test:${randomUUID()}`, `${o.by} asked for it. Nothing needs you.`],
    );
    await record(q, 'tested', o.channelId, o.by);
    return await addDelivery(q, {
      noticeId: (rows[0] as { id: number }).id,
      channelId: o.channelId,
      by: o.by,
    });
  });
}

async function addDelivery(
  q: Queryable,
  o: { noticeId: number; channelId: number; by: string },
): Promise<{ deliveryId: number }> {
  const { rows } = await q.query<{ id: number }>(
    `INSERT INTO notice_delivery(notice_id, channel_id, idempotency_key, replayed_by) VALUES ($1, $2, $3, $4) RETURNING id`,
    [o.noticeId, o.channelId, randomUUID(), o.by],
  );
  return { deliveryId: (rows[0] as { id: number }).id };
}

/** Sends what was sent, failed or was cancelled once more, with the same key, so that who has it already knows it again. */
export async function replayDelivery(
  db: Db,
  o: { id: number; by: string; userId: string | null },
): Promise<void> {
  const mine =
    'FROM notification_channel c WHERE c.id = d.channel_id AND ($2::text IS NULL OR c.user_id = $2) AND d.id = $1';
  const again = await transaction(db, async (q) => {
    const { rows } = await q.query<{ channel_id: number; notice_id: number }>(
      `UPDATE notice_delivery d SET state = 'WAITING', tries = 0, next_at = date_trunc('milliseconds', clock_timestamp()), digest = false, ended_at = NULL,
         reason = $3, replayed_by = $4 ${mine} AND d.state IN ('SENT', 'FAILED', 'CANCELLED', 'WAITING')
       RETURNING d.channel_id, d.notice_id`,
      [o.id, o.userId, `Sent again for ${o.by}`, o.by],
    );
    for (const d of rows)
      await record(q, 'replayed', d.channel_id, o.by, { delivery: o.id, notice: d.notice_id });
    return rows.length > 0;
  });
  if (again) return;
  const { rowCount: there } = await db.pool.query(
    `SELECT 1 FROM notice_delivery d JOIN notification_channel c ON c.id = d.channel_id
     WHERE d.id = $1 AND ($2::text IS NULL OR c.user_id = $2)`,
    [o.id, o.userId],
  );
  throw there
    ? new AlaiError('CONFLICT', 'It is being sent at this moment, or went out with a digest.', 'Look again.')
    : new AlaiError('NOT_FOUND', 'This delivery does not exist.', 'See npx alai notify list.');
}
