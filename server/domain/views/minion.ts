import { z } from 'zod';
import { statusViewSchema } from './status.ts';

/** Where a minion stands, in one word. */
export const minionStates = [
  'queued',
  'working',
  'waiting',
  'merging',
  'merged',
  'discarded',
  'failed',
] as const;

export const minionViewSchema = z.object({
  taskId: z.number(),
  title: z.string(),
  state: z.enum(minionStates),
  status: statusViewSchema,
  /** Branch and commit of its result; null while there is none. */
  branch: z.string().nullable(),
  commit: z.string().nullable(),
  company: z.string().nullable(),
  blueprint: z.string().nullable(),
  projectId: z.string().nullable(),
  projectName: z.string().nullable(),
  createdAt: z.date(),
});
export type MinionView = z.infer<typeof minionViewSchema>;

/** Something that was discarded or left unfinished, and can still be had. */
export const binEntrySchema = z.object({
  /** `<task>-<attempt>` */
  key: z.string(),
  taskId: z.number(),
  sha: z.string(),
  subject: z.string(),
  day: z.string(),
  /** When it is dropped. */
  until: z.date(),
  projectId: z.string(),
});
export type BinEntry = z.infer<typeof binEntrySchema>;
