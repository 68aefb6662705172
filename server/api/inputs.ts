import { z } from 'zod';

/** Shapes that requests carry and pages do not show. */
export const id = z.number().int().positive();
export const byId = z.strictObject({ id });
/** Why a human changes something; stored with the event. */
export const reason = z.string().trim().max(2_000).default('');

export const editTask = z.strictObject({
  id,
  /** The version that was read: an edit over a newer one is refused. */
  version: z.number().int(),
  title: z.string().optional(),
  description: z.string().max(50_000).optional(),
  priority: z.enum(['H', 'M', 'L']).optional(),
  tags: z.array(z.string().trim().min(1).max(40)).max(20).optional(),
  owner: z.string().max(80).nullable().optional(),
  project: z.string().max(4_000).nullable().optional(),
});

export const listTasks = z.strictObject({
  status: z.array(z.string()).optional(),
  tag: z.string().optional(),
  project: z.string().optional(),
  company: z.string().optional(),
  search: z.string().max(200).optional(),
  limit: z.number().int().min(1).max(1_000).default(100),
});
