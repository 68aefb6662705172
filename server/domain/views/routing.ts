import { z } from 'zod';
import { pipelineNames } from '../pipelines.ts';

export const routeChoiceSchema = z.object({
  host: z.string().nullable(),
  model: z.string(),
  tier: z.number().int(),
  provider: z.string(),
  /** The entry of providers.yaml that answers; absent for the host's own model server and for CLI agents. */
  account: z.string().optional(),
  /** How it is asked, in order; rows from before this have none. */
  pipelines: z.array(z.enum(pipelineNames)).optional(),
});
export const routeSkipSchema = z.object({ tier: z.number().int(), model: z.string(), reason: z.string() });

/** The full explanation of a route; stored with the task and shown as it was. */
export const routeSchema = z.object({
  company: z.string(),
  blueprint: z.string(),
  complexity: z.number().int().min(1).max(5),
  domain: z.string(),
  type: z.string(),
  confidence: z.number().min(0).max(1),
  tier: z.number().int().min(1).max(5),
  /** Ordered: the first whose host has a slot gets it. */
  choices: z.array(routeChoiceSchema),
  /** Only what works without a network was allowed. */
  offline: z.boolean().optional(),
  skipped: z.array(routeSkipSchema).default([]),
  /** Why a human must decide first; null when agents may start. */
  held: z.object({ pattern: z.string(), reason: z.string() }).nullable(),
  reasons: z.array(z.string()),
  classifier: z.string(),
});
export type Route = z.infer<typeof routeSchema>;

/** Offered, never done by itself. */
export const suggestionSchema = z.object({
  company: z.string().nullable(),
  complexity: z.number().int().min(1).max(5).nullable(),
  /** "You sent 2 similar tasks to Vizu: use Vizu?" */
  text: z.string(),
  /** The tasks it comes from. */
  taskIds: z.array(z.number().int()),
});
export type Suggestion = z.infer<typeof suggestionSchema>;

/** What `route` answers: a dry run, nothing is created. */
export const routePreviewSchema = z.object({
  title: z.string(),
  route: routeSchema,
  projectRequired: z.boolean(),
  /** What people did with similar tasks, to be taken or not. */
  suggestion: suggestionSchema.nullish(),
});
export type RoutePreview = z.infer<typeof routePreviewSchema>;

/** What a person changed about a route. */
export const correctionSchema = z.object({
  id: z.number().int(),
  taskId: z.number().int(),
  title: z.string(),
  fromCompany: z.string(),
  toCompany: z.string().nullable(),
  fromComplexity: z.number().int(),
  toComplexity: z.number().int().nullable(),
  actor: z.string(),
  at: z.date(),
});
export type Correction = z.infer<typeof correctionSchema>;
