import { z } from 'zod';
import { agentCapabilities } from '../agents.ts';
import { pipelineNames } from '../pipelines.ts';
import { providerKinds } from '../providers.ts';

const at = z.date();

/** A model or an agent that can be given work here, or why it cannot. */
export const agentViewSchema = z.object({
  /** What `alai test-agent` calls it: a model, a CLI agent or a service of providers.yaml; with `@host` where several have it. */
  name: z.string(),
  provider: z.enum(providerKinds),
  /** Null for a service that any host may ask. */
  host: z.string().nullable(),
  model: z.string().nullable(),
  version: z.string().nullable(),
  /** Null while nobody asked its server. */
  capabilities: z.array(z.enum(agentCapabilities)).nullable(),
  pipelines: z.array(z.enum(pipelineNames)),
  usable: z.boolean(),
  why: z.string(),
  /** Tiers of the chosen table that name it. */
  tiers: z.array(z.number()),
});
export type AgentView = z.infer<typeof agentViewSchema>;

export const trialInputSchema = z.strictObject({
  name: z.string().trim().min(1).max(160),
  prompt: z.string().trim().min(1).max(8_000),
  host: z.string().max(40).optional(),
  /** Never an option of the program it is handed to. */
  model: z.string().trim().max(120).regex(/^[^-]/, 'A model is not named with a dash in front.').optional(),
});
export type TrialInput = z.infer<typeof trialInputSchema>;

/** One question to one agent: what came until now, and how it ended. */
export const trialViewSchema = z.object({
  id: z.number(),
  name: z.string(),
  host: z.string(),
  provider: z.string(),
  model: z.string(),
  state: z.enum(['QUEUED', 'RUNNING', 'DONE', 'FAILED']),
  answer: z.string(),
  tokensIn: z.number(),
  tokensOut: z.number(),
  /** It broke off: its tokens are counted by the text that came. */
  estimated: z.boolean(),
  ms: z.number(),
  /** Null where no price is known. */
  eur: z.number().nullable(),
  scripted: z.boolean(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  endedAt: at.nullable(),
});
export type TrialView = z.infer<typeof trialViewSchema>;
