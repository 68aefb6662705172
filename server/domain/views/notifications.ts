import { z } from 'zod';

const at = z.date();

export const channelKinds = ['push', 'slack', 'mail', 'webhook'] as const;
export type ChannelKind = (typeof channelKinds)[number];

export const severities = ['urgent', 'normal', 'low'] as const;
export type Severity = (typeof severities)[number];

/** What happens to notices of one severity: told now, gathered for the next digest, or not told. */
export const tellings = ['now', 'digest', 'off'] as const;

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 22:00');
const timeZone = z.string().max(60).refine(isTimeZone, 'must be a time zone such as Europe/Stockholm');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** When a channel is told what. Quiet hours hold everything back but what is urgent, where that may wake. */
export const channelRulesSchema = z.strictObject({
  urgent: z.enum(tellings).default('now'),
  normal: z.enum(tellings).default('now'),
  low: z.enum(tellings).default('digest'),
  quiet: z.strictObject({ from: timeOfDay, to: timeOfDay }).nullable().default(null),
  urgentWakes: z.boolean().default(true),
  timeZone: timeZone.default('UTC'),
  digestMinutes: z.number().int().min(5).max(1_440).default(60),
});
export type ChannelRules = z.infer<typeof channelRulesSchema>;

const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((s) => !/[\r\n\0]/.test(s), 'must be one line');

/** What is entered for each kind. Secrets are sealed and never shown again; an empty one keeps what is there. */
export const slackInput = z.strictObject({
  kind: z.literal('slack'),
  settings: z.strictObject({
    /** Slack's id of a user, and the person here whose right he has. */
    users: z.record(line(40), line(200)).default({}),
  }),
  secrets: z
    .strictObject({ url: z.url().max(2_000), signingSecret: z.string().max(200).default('') })
    .partial(),
});
export const mailInput = z.strictObject({
  kind: z.literal('mail'),
  settings: z.strictObject({
    host: line(253),
    port: z.number().int().min(1).max(65_535),
    /** tls: from the first byte; starttls: refused when the server does not offer it; none: only for a server on this machine or net. */
    security: z.enum(['tls', 'starttls', 'none']),
    user: z.string().max(200).default(''),
    from: z.email(),
    to: z.email(),
  }),
  secrets: z.strictObject({ password: z.string().max(500) }).partial(),
});
export const webhookInput = z.strictObject({
  kind: z.literal('webhook'),
  settings: z.strictObject({}),
  secrets: z
    .strictObject({
      url: z.url().max(2_000),
      signingSecret: z.string().regex(/^whsec_[A-Za-z0-9+/]{32,100}={0,2}$/, 'must look like whsec_…'),
    })
    .partial(),
});
export const channelInputSchema = z.discriminatedUnion('kind', [slackInput, mailInput, webhookInput]);
export type ChannelInput = z.infer<typeof channelInputSchema>;

/** What a browser hands out when it agrees to be pushed to. */
export const subscriptionSchema = z.strictObject({
  endpoint: z.url().max(2_000),
  keys: z.strictObject({
    p256dh: z.string().regex(/^[A-Za-z0-9_-]{80,100}=*$/),
    auth: z.string().regex(/^[A-Za-z0-9_-]{20,30}=*$/),
  }),
});
export type Subscription = z.infer<typeof subscriptionSchema>;

export const channelViewSchema = z.object({
  id: z.number(),
  kind: z.enum(channelKinds),
  name: z.string(),
  owner: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** Where it goes, as far as that is no secret: a mailbox, a host. */
  where: z.string(),
  settings: z.record(z.string(), z.unknown()),
  /** Names of the secrets that are set; never their values. */
  secretsSet: z.array(z.string()),
  rules: channelRulesSchema,
  enabled: z.boolean(),
  problem: z.string().nullable(),
  createdAt: at,
});
export type ChannelView = z.infer<typeof channelViewSchema>;

export const deliveryStates = ['WAITING', 'SENDING', 'SENT', 'FAILED', 'CANCELLED', 'DIGESTED'] as const;

export const deliveryViewSchema = z.object({
  id: z.number(),
  noticeId: z.number(),
  title: z.string(),
  severity: z.enum(severities),
  path: z.string(),
  channel: z.object({ id: z.number(), kind: z.enum(channelKinds), name: z.string() }),
  state: z.enum(deliveryStates),
  /** Why it waits, failed or was cancelled. */
  reason: z.string(),
  tries: z.number(),
  nextAt: at.nullable(),
  createdAt: at,
  endedAt: at.nullable(),
  attempts: z.array(
    z.object({
      n: z.number(),
      startedAt: at,
      ok: z.boolean().nullable(),
      status: z.number().nullable(),
      response: z.string(),
      ms: z.number().nullable(),
    }),
  ),
});
export type DeliveryView = z.infer<typeof deliveryViewSchema>;

export const notificationsViewSchema = z.object({
  channels: z.array(channelViewSchema),
  deliveries: z.array(deliveryViewSchema),
});
