import { z } from 'zod';

/** How the tiers did, by kind of work. */
export const tierRecordSchema = z.object({
  kind: z.string(),
  tier: z.number(),
  attempts: z.number(),
  succeeded: z.number(),
  eur: z.number(),
  ms: z.number(),
  failures: z.array(z.object({ code: z.string(), n: z.number() })),
});

export const tierStartSchema = z.object({
  kind: z.string(),
  insteadOf: z.number(),
  tier: z.number(),
  because: z.string(),
  setBy: z.string(),
  setAt: z.date(),
});
export type TierStartView = z.infer<typeof tierStartSchema>;

export const tiersViewSchema = z.object({
  days: z.number(),
  /** The preset of tiers.yaml that counts, and what its tiers are. */
  preset: z.string(),
  source: z.string(),
  presets: z.array(z.string()),
  tiers: z.array(
    z.object({
      tier: z.number(),
      name: z.string(),
      model: z.string(),
      use: z.string(),
      /** Why no host can serve it now; null while one can. */
      unserved: z.string().nullable(),
    }),
  ),
  records: z.array(tierRecordSchema),
  /** Only scripted attempts are there yet: they say how the page looks, and nothing of models. */
  scripted: z.boolean(),
  suggestions: z.array(
    z.object({
      kind: z.string(),
      from: z.number(),
      to: z.number(),
      because: z.string(),
      attempts: z.number(),
    }),
  ),
  /** Where kinds of work begin by a person's choice. */
  starts: z.array(tierStartSchema),
});
export type TiersView = z.infer<typeof tiersViewSchema>;

export const tierFailureSchema = z.object({
  taskId: z.number(),
  title: z.string(),
  n: z.number(),
  model: z.string(),
  code: z.string(),
  error: z.string(),
  at: z.date(),
});
