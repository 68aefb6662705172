import { z } from 'zod';
import { actorKinds } from './status.ts';

/** One entry of the audit trail, as it is sealed and exported. */
export const auditEntrySchema = z.object({
  /** Its place in the chain; null while it is too young to be sealed. */
  n: z.number().nullable(),
  hash: z.string().nullable(),
  xid: z.string(),
  seq: z.number(),
  at: z.date(),
  type: z.string(),
  entity: z.string(),
  entityId: z.string(),
  ver: z.number(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  actorKind: z.enum(actorKinds),
  actor: z.string(),
  reason: z.string(),
  projectId: z.string().nullable(),
  pipelineId: z.number().nullable(),
  taskId: z.number().nullable(),
  data: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** What an entry can be about. */
export const auditEntities = [
  ...['task', 'chain', 'pipeline', 'step', 'attempt', 'escalation', 'effect', 'project'],
  ...[
    'person',
    'setting',
    'mcp_server',
    'factory',
    'host',
    'budget',
    'rule',
    'notification_channel',
    'dependency',
    'finding',
  ],
] as const;

/** The same value always has the same text, whatever order its keys came in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

/**
 * The text that is sealed: every field of an entry in a fixed order, as JSON. The seal is the SHA-256, in hex, of the seal
 * before it (nothing for the first), a line break, and this.
 */
export function sealedText(e: Omit<AuditEntry, 'n' | 'hash'>): string {
  return JSON.stringify([
    ...[e.xid, e.seq, e.at.toISOString(), e.type, e.entity, e.entityId, e.ver, e.from, e.to],
    ...[e.actorKind, e.actor, e.reason, e.projectId, e.pipelineId, e.taskId],
    sorted(e.data),
  ]);
}

export const auditFilterSchema = z.strictObject({
  /** Words of the reason, the actor, the kind of event or its subject. */
  q: z.string().trim().max(200).default(''),
  actor: z.string().max(100).nullable().default(null),
  /** Whether only what people did is shown. */
  people: z.boolean().default(true),
  entity: z.string().max(40).nullable().default(null),
  taskId: z.number().int().positive().nullable().default(null),
  from: z.date().nullable().default(null),
  to: z.date().nullable().default(null),
});
export type AuditFilter = z.infer<typeof auditFilterSchema>;

export const auditPageSchema = z.object({
  entries: z.array(auditEntrySchema),
  /** Where the next, older page starts; null at the end. */
  next: z.string().nullable(),
  /** Whose acts can be filtered by. */
  actors: z.array(z.string()),
});
export type AuditPage = z.infer<typeof auditPageSchema>;

export const auditStateSchema = z.object({
  ok: z.boolean(),
  /** How many entries were looked at, and the last one's seal: written down elsewhere it proves the whole trail. */
  sealed: z.number(),
  head: z.string().nullable(),
  /** What broke and where, in a sentence; null when it holds. */
  problem: z.string().nullable(),
});
export type AuditState = z.infer<typeof auditStateSchema>;
