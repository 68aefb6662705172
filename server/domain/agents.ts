import { z } from 'zod';
import { cliProviders } from './providers.ts';

/** Who can do work, and what kind: by what a model or an agent can do, never by its name. */

/** `analyst` reads and plans; `implementer` writes; `validator` judges; `integrator` joins what others wrote; `reasoner` thinks first. */
export const agentCapabilities = ['analyst', 'implementer', 'validator', 'integrator', 'reasoner'] as const;
export type AgentCapability = (typeof agentCapabilities)[number];

/** What a model server says of a model. */
export const modelFactsSchema = z.object({
  name: z.string(),
  /** In the words of Ollama's `/api/show`: completion, tools, thinking, vision, embedding. Absent where it was not asked. */
  capabilities: z.array(z.string()).optional(),
  context: z.number().nullable().optional(),
  bytes: z.number().optional(),
});
export type ModelFacts = z.infer<typeof modelFactsSchema>;

/** A whole change and the files around it have to fit beside the instructions. */
const ENOUGH_TO_JUDGE = 16_000;
const ENOUGH_TO_JOIN = 32_000;

/**
 * What a model can be given. Without tools it advises: it reads, and judges in an object, but its files are written for it. Null
 * while nobody has asked its server.
 */
export function capabilitiesOf(m: Omit<ModelFacts, 'name'>): AgentCapability[] | null {
  if (!m.capabilities) return null;
  const has = (word: string) => m.capabilities?.includes(word) === true;
  if (!has('completion')) return [];
  const tools = has('tools');
  const context = m.context ?? 0;
  const can: Record<AgentCapability, boolean> = {
    analyst: true,
    implementer: tools,
    validator: tools || context >= ENOUGH_TO_JUDGE,
    integrator: tools && context >= ENOUGH_TO_JOIN,
    reasoner: has('thinking'),
  };
  return agentCapabilities.filter((c) => can[c]);
}

/** Agents with a program of their own do all of it: with tools, a large context, and models that think. */
export const cliCapabilities: readonly AgentCapability[] = agentCapabilities;

/** A coding agent as a worker found it on its machine. */
export const foundAgentSchema = z.object({
  name: z.enum(cliProviders),
  /** What `--version` said; null when it is not installed or does not run. */
  version: z.string().max(80).nullable(),
  usable: z.boolean(),
  /** Why not, and what to do; empty when it is. */
  reason: z.string().max(300),
});
export type FoundAgent = z.infer<typeof foundAgentSchema>;
