import { z } from 'zod';
import { priorities, taskStatuses } from '#server/domain/status.ts';

/** Shapes that requests carry and pages do not show. */
export const id = z.number().int().positive();
export const byId = z.strictObject({ id });
/** Text that can be stored: PostgreSQL knows no NUL. */
export const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((s) => !s.includes('\0'), 'holds a NUL character');
/** Why a human changes something; stored with the event. */
export const reason = text(2_000).trim().default('');
/** A reason given with an answer: the next agent reads it whole. */
export const note = z
  .string()
  .max(4_000, 'may have 4,000 characters; this has more. Shorten it')
  .refine((s) => !s.includes('\0'), 'holds a NUL character')
  .trim()
  .default('');
/** A project's id, or the full path of a folder. */
export const projectReference = text(4_000).trim().min(1);

export const editTask = z.strictObject({
  id,
  /** The version that was read: an edit over a newer one is refused. */
  version: z.number().int(),
  patch: z.strictObject({
    title: text(100_000).optional(),
    description: text(50_000).optional(),
    priority: z.enum(priorities).optional(),
    tags: z.array(text(40).trim().min(1)).max(20).optional(),
    owner: text(80).nullable().optional(),
  }),
});

export const listTasks = z.strictObject({
  status: z.union([z.enum(taskStatuses), z.array(z.enum(taskStatuses))]).optional(),
  projectId: z.string().max(200).optional(),
  tag: text(40).optional(),
  q: text(200).optional(),
  limit: z.number().int().min(1).max(1_000).default(100),
  cursor: id.optional(),
});
