import { z } from 'zod';

const at = z.date();

export const hostViewSchema = z.object({
  name: z.string(),
  slots: z.number(),
  busy: z.number(),
  state: z.enum(['live', 'silent', 'absent', 'paused', 'draining', 'stopped']),
  lastSeen: at.nullable(),
  models: z.array(z.string()),
  sandbox: z.enum(['bubblewrap', 'seatbelt', 'none', 'unknown']),
  queued: z.number(),
  running: z.array(z.object({ slot: z.number(), taskId: z.number(), title: z.string() })),
});
export type HostView = z.infer<typeof hostViewSchema>;

/** The 40 px strip on top of every page. */
export const stripSchema = z.object({
  /** Attempts whose worker is heard of. */
  running: z.number(),
  mayBeStuck: z.number(),
  needYou: z.number(),
  spentTodayEur: z.number(),
  /** What may be spent today, with what was given on top. */
  dayBudgetEur: z.number(),
  tokensToday: z.number(),
  hosts: z.array(hostViewSchema),
  stopped: z.object({ by: z.string(), at, reason: z.string() }).nullable(),
  /** True when the models answering now are scripted: "scripted, no model was called". */
  scripted: z.boolean(),
  now: at,
});
export type Strip = z.infer<typeof stripSchema>;
