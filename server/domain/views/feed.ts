import { z } from 'zod';

const at = z.date();

/** One transition as the live feed tells it. */
export const feedEventSchema = z.object({
  id: z.string(),
  type: z.string(),
  entity: z.string(),
  entityId: z.string(),
  taskId: z.number().nullable(),
  pipelineId: z.number().nullable(),
  projectId: z.string().nullable(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  actor: z.string(),
  reason: z.string(),
  at,
});
export type FeedEvent = z.infer<typeof feedEventSchema>;
