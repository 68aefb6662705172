import { z } from 'zod';
import { findingSchema } from '../report.ts';

const at = z.date();

export const gateViewSchema = z.object({
  id: z.number(),
  stepKey: z.string(),
  gate: z.string(),
  tryNumber: z.number(),
  ok: z.boolean(),
  verdict: z.string(),
  detail: z.string(),
  command: z.array(z.string()).nullable(),
  exitCode: z.number().nullable(),
  ms: z.number(),
  at,
  output: z.string(),
  /** Who observed it: only what the harness or CI ran counts. */
  observed: z.enum(['harness', 'ci', 'agent']),
});
export type GateView = z.infer<typeof gateViewSchema>;

export const callViewSchema = z.object({
  id: z.number(),
  attemptId: z.number(),
  stepKey: z.string(),
  model: z.string(),
  tokensIn: z.number(),
  tokensOut: z.number(),
  ms: z.number(),
  ok: z.boolean(),
  errorCode: z.string().nullable(),
  costEur: z.number(),
  at,
});

export const findingViewSchema = findingSchema.extend({
  id: z.number(),
  taskId: z.number(),
  followUpTaskId: z.number().nullable(),
  mended: z.boolean(),
});
export type FindingView = z.infer<typeof findingViewSchema>;

export const proofViewSchema = z.object({
  taskId: z.number(),
  gotcha: z.string(),
  manifest: z.record(z.string(), z.unknown()),
  patchHash: z.string().nullable(),
  createdAt: at,
});
