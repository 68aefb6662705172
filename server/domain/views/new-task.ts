import { z } from 'zod';
import { priorities } from '../status.ts';

export const newTaskSchema = z.object({
  title: z.string(),
  description: z.string().max(50_000).default(''),
  priority: z.enum(priorities).default('M'),
  tags: z.array(z.string().trim().min(1).max(40)).max(20).default([]),
  owner: z.string().max(80).nullable().default(null),
  parentId: z.number().int().positive().nullable().default(null),
  /** Name inside this request, for dependencies between its tasks. */
  key: z.string().max(60).optional(),
  /** Keys of this request, or ids of existing tasks. */
  dependsOn: z
    .array(z.union([z.string(), z.number().int()]))
    .max(50)
    .default([]),
  /** Overrides of the route; the explanation says that a human chose them. */
  company: z.string().max(60).nullable().default(null),
  blueprint: z.string().max(60).nullable().default(null),
  tier: z.number().int().min(1).max(5).nullable().default(null),
  /** One task, one worktree, one blueprint, no reviews: its branch waits until a human merges or discards it. */
  minion: z.boolean().default(false),
  /** Only tiers that work without a network. */
  offline: z.boolean().optional(),
});
export type NewTask = z.infer<typeof newTaskSchema>;

export const createTasksSchema = z.object({
  idempotencyKey: z.string().min(8).max(200),
  /** An existing project's id, or a folder path of a git repository; null leaves the tasks in the Inbox. */
  project: z.string().max(4_000).nullable().default(null),
  pipelineTitle: z.string().max(300).nullable().default(null),
  tasks: z.array(newTaskSchema).min(1).max(200),
});
export type CreateTasks = z.infer<typeof createTasksSchema>;

export const createdSchema = z.object({
  pipelineId: z.number(),
  taskIds: z.array(z.number()),
  projectId: z.string().nullable(),
});
export type Created = z.infer<typeof createdSchema>;
