import { z } from 'zod';

const at = z.date();

/** One of the seven looks of a status (UI.md rule 7 and the hatch). */
export const looks = ['queued', 'running', 'yours', 'done', 'failed', 'cancelled', 'stale', 'none'] as const;
export type Look = (typeof looks)[number];

/** A status as it is shown: derived from leases and rows at the moment of asking, never remembered. */
export const statusViewSchema = z.object({
  look: z.enum(looks),
  /** "Building", "Waits for FORGE", "Merged", "Needs you" … */
  word: z.string(),
  /** Since when: the age shown. */
  since: at.nullable(),
  /** When the live attempt was last heard of. */
  heardAt: at.nullable(),
});
export type StatusView = z.infer<typeof statusViewSchema>;
