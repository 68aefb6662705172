import { AlaiError } from '#server/domain/errors.ts';
import {
  type ChannelKind,
  type ChannelRules,
  type ChannelView,
  channelRulesSchema,
  type DeliveryView,
} from '#server/domain/views/notifications.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import { unseal } from '#server/platform/sealed.ts';
import { slackSettings } from './schema.ts';

export const SEALED_FOR = 'notification_channel';

export interface ChannelRow {
  id: number;
  kind: ChannelKind;
  name: string;
  user_id: string | null;
  owner: string | null;
  settings: Record<string, unknown> & { where?: string; secretNames?: string[] };
  secrets: Buffer | null;
  rules: unknown;
  enabled: boolean;
  problem: string | null;
  created_at: Date;
}

const select = `SELECT c.id, c.kind, c.name, c.user_id, u.name owner, c.settings, c.secrets, c.rules, c.enabled, c.problem, c.created_at
  FROM notification_channel c LEFT JOIN app_user u ON u.id = c.user_id`;

/** Rules as rows hold them: what an older version did not know has its default. */
export const rulesOf = (stored: unknown): ChannelRules =>
  channelRulesSchema.catch(channelRulesSchema.parse({})).parse(stored);

const viewOf = (c: ChannelRow): ChannelView => {
  const { where, secretNames, ...settings } = c.settings;
  return {
    id: c.id,
    kind: c.kind,
    name: c.name,
    owner: c.user_id === null ? null : { id: c.user_id, name: c.owner ?? '' },
    where: where ?? '',
    settings,
    secretsSet: secretNames ?? [],
    rules: rulesOf(c.rules),
    enabled: c.enabled,
    problem: c.problem,
    createdAt: c.created_at,
  };
};

/** All channels, or those of one person. Nothing secret is among it. */
export async function readChannels(db: Db, of?: { userId: string }): Promise<ChannelView[]> {
  const { rows } = await db.pool.query<ChannelRow>(
    `${select} WHERE $1::text IS NULL OR c.user_id = $1 ORDER BY c.user_id IS NOT NULL, c.kind, c.id LIMIT 500`,
    [of?.userId ?? null],
  );
  return rows.map(viewOf);
}

/** One channel as its row. Throws NOT_FOUND. */
export async function channelRow(q: Queryable, id: number): Promise<ChannelRow> {
  const { rows } = await q.query<ChannelRow>(`${select} WHERE c.id = $1`, [id]);
  const row = rows[0];
  if (!row) throw new AlaiError('NOT_FOUND', 'This channel does not exist.', 'See Settings, Notifications.');
  return row;
}

/** The secrets of a channel. Throws BAD_INPUT when the installation's secret is another one by now. */
export function secretsOf(row: Pick<ChannelRow, 'secrets'>, secret: string): Record<string, string> {
  return row.secrets ? (JSON.parse(unseal(secret, SEALED_FOR, row.secrets)) as Record<string, string>) : {};
}

/** The Slack channels whose signature a request may carry. */
export async function slackChannels(
  db: Db,
  secret: string,
): Promise<{ id: number; signingSecret: string; users: Record<string, string> }[]> {
  const { rows } = await db.pool.query<ChannelRow>(
    `${select} WHERE c.kind = 'slack' AND c.enabled LIMIT 100`,
  );
  return rows.flatMap((r) => {
    const signingSecret = secretsOf(r, secret).signingSecret ?? '';
    return signingSecret ? [{ id: r.id, signingSecret, users: slackSettings.parse(r.settings).users }] : [];
  });
}

/** The last deliveries with their attempts, newest first. */
export async function readDeliveries(
  db: Db,
  o: { limit: number; channelId?: number | null; userId?: string | null },
): Promise<DeliveryView[]> {
  const { rows } = await db.pool.query<DeliveryView>(
    `SELECT d.id, d.notice_id "noticeId", n.title, n.severity, n.path,
       jsonb_build_object('id', c.id, 'kind', c.kind, 'name', c.name) channel, d.state, d.reason, d.tries,
       CASE WHEN d.state = 'WAITING' THEN d.next_at END "nextAt", d.created_at "createdAt", d.ended_at "endedAt",
       coalesce((SELECT jsonb_agg(jsonb_build_object('n', a.n, 'startedAt', a.started_at, 'ok', a.ok, 'status', a.status,
         'response', a.response, 'ms', a.ms) ORDER BY a.id) FROM delivery_attempt a WHERE a.delivery_id = d.id), '[]') attempts
     FROM notice_delivery d JOIN notice n ON n.id = d.notice_id JOIN notification_channel c ON c.id = d.channel_id
     WHERE ($2::bigint IS NULL OR d.channel_id = $2) AND ($3::text IS NULL OR c.user_id = $3)
     ORDER BY d.id DESC LIMIT $1`,
    [o.limit, o.channelId ?? null, o.userId ?? null],
  );
  return rows.map((d) => ({
    ...d,
    attempts: d.attempts.map((a) => ({ ...a, startedAt: new Date(a.startedAt) })),
  }));
}
