import { z } from 'zod';
import { priorities, taskStatuses } from '#server/domain/status.ts';

/** Shapes that requests carry and pages do not show. */
export const id = z.number().int().positive();
export const byId = z.strictObject({ id });
/** Why a human changes something; stored with the event. */
export const reason = z.string().trim().max(2_000).default('');
/** A project's id, or the full path of a folder. */
export const projectReference = z.string().trim().min(1).max(4_000);

export const editTask = z.strictObject({
  id,
  /** The version that was read: an edit over a newer one is refused. */
  version: z.number().int(),
  patch: z.strictObject({
    title: z.string().max(100_000).optional(),
    description: z.string().max(50_000).optional(),
    priority: z.enum(priorities).optional(),
    tags: z.array(z.string().trim().min(1).max(40)).max(20).optional(),
    owner: z.string().max(80).nullable().optional(),
  }),
});

export const listTasks = z.strictObject({
  status: z.union([z.enum(taskStatuses), z.array(z.enum(taskStatuses))]).optional(),
  projectId: z.string().max(200).optional(),
  tag: z.string().max(40).optional(),
  q: z.string().max(200).optional(),
  limit: z.number().int().min(1).max(1_000).default(100),
  cursor: id.optional(),
});
