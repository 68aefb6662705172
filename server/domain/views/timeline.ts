import { z } from 'zod';
import { looks } from './status.ts';

const at = z.date();

export const timelineItemSchema = z.object({
  /** "<xid>-<seq>" of the event: stable, ordered. */
  id: z.string(),
  at,
  look: z.enum(looks),
  title: z.string(),
  detail: z.string(),
  actor: z.string(),
});
export type TimelineItem = z.infer<typeof timelineItemSchema>;
