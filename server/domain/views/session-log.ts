import { z } from 'zod';
import { reportSchema } from '../report.ts';
import { stages, verdicts } from '../status.ts';

/** What one agent of a pipeline did, by the report schema; referred to as `#4001`. */
export const sessionLogSchema = z.array(
  z.object({
    taskId: z.number(),
    title: z.string(),
    stage: z.enum(stages).nullable(),
    cycle: z.number(),
    company: z.string().nullable(),
    verdict: z.enum(verdicts).nullable(),
    finishedAt: z.date().nullable(),
    report: reportSchema,
  }),
);
export type SessionLog = z.infer<typeof sessionLogSchema>;
