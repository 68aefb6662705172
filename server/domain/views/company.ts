import { z } from 'zod';
import { agentRoles } from '../blueprint.ts';
import { taskListItemSchema } from './task.ts';

/** Something wrong in a file below companies/, and what to do about it. */
export const problemSchema = z.object({
  file: z.string(),
  line: z.number().int(),
  message: z.string(),
  remedy: z.string(),
});
export type ProblemView = z.infer<typeof problemSchema>;

/** `broken`: its files have a problem and there is no good version; `kept` says that the last good one goes on. */
export const companyStates = ['active', 'merged', 'meta', 'inactive', 'broken'] as const;

/** What a company does now. */
export const companyLoadSchema = z.object({
  running: z.number().int(),
  queued: z.number().int(),
  needsYou: z.number().int(),
  done: z.number().int(),
  /** Of the attempts that ended by themselves, those that succeeded; null when there was none. */
  successRate: z.number().nullable(),
  attempts: z.number().int(),
});
export type CompanyLoad = z.infer<typeof companyLoadSchema>;

export const companyRowSchema = z.object({
  name: z.string(),
  status: z.enum(companyStates),
  mergedInto: z.string().nullable(),
  type: z.string(),
  domain: z.string(),
  description: z.string(),
  pipelineRole: z.string(),
  stages: z.array(z.string()),
  kept: z.boolean(),
  problems: z.number().int(),
  load: companyLoadSchema,
});
export type CompanyRow = z.infer<typeof companyRowSchema>;

export const companiesViewSchema = z.object({
  /** The folder the companies are read from. */
  folder: z.string(),
  companies: z.array(companyRowSchema),
  /** Of all files, shared ones included. */
  problems: z.array(problemSchema),
});
export type CompaniesView = z.infer<typeof companiesViewSchema>;

export const companyAgentSchema = z.object({
  role: z.enum(agentRoles),
  name: z.string(),
  description: z.string(),
  instructions: z.string(),
  file: z.string(),
  model: z.string(),
  /** What its model means today: "by the task's tier", or the tier it leads to. */
  modelMeans: z.string(),
  tools: z.array(z.string()).nullable(),
  toolsDenied: z.array(z.string()),
  allowedPaths: z.array(z.string()),
  forbiddenPaths: z.array(z.string()),
  writes: z.boolean(),
});
export type CompanyAgentView = z.infer<typeof companyAgentSchema>;

export const companySkillSchema = z.object({
  name: z.string(),
  description: z.string(),
  keywords: z.array(z.string()),
  stages: z.array(z.string()),
  text: z.string(),
  file: z.string(),
  origin: z.enum(['company', 'fallback', 'shared']),
});

export const blueprintStepViewSchema = z.object({
  key: z.string(),
  role: z.enum(agentRoles),
  agent: z.string().nullable(),
  instructions: z.string(),
  tools: z.array(z.string()),
  gates: z.array(z.string()),
  limits: z.string(),
  network: z.boolean(),
  /** The file that says this step. */
  file: z.string(),
});
export const blueprintViewSchema = z.object({
  name: z.string(),
  kind: z.enum(['blueprint', 'workflow']),
  description: z.string(),
  hash: z.string(),
  /** The files it is made of, the named one first. */
  files: z.array(z.string()),
  stages: z.array(z.string()),
  triggers: z.array(z.string()),
  variables: z.array(
    z.object({ name: z.string(), value: z.string(), meaning: z.string(), file: z.string() }),
  ),
  steps: z.array(blueprintStepViewSchema),
});
export type BlueprintView = z.infer<typeof blueprintViewSchema>;

/** One line of a list of blueprints. */
export const blueprintRowSchema = z.object({
  name: z.string(),
  kind: z.enum(['blueprint', 'workflow']),
  description: z.string(),
  file: z.string(),
  /** Null for a shared one. */
  company: z.string().nullable(),
});
export type BlueprintRow = z.infer<typeof blueprintRowSchema>;

export const companyServerSchema = z.object({
  name: z.string(),
  transport: z.enum(['stdio', 'http']),
  /** The command line or the address. */
  target: z.string(),
  origin: z.enum(['base', 'company', 'override']),
  file: z.string(),
  overridden: z.array(z.string()),
  tools: z.array(z.string()).nullable(),
  digest: z.string().nullable(),
});

export const companyDetailSchema = z.object({
  orgNumber: z.string().nullable(),
  hash: z.string(),
  /** CLAUDE.md. */
  identity: z.string(),
  readme: z.string(),
  agents: z.array(companyAgentSchema),
  /** Kind of work -> model, and the tier that model is. */
  overrides: z.array(z.object({ kind: z.string(), model: z.string(), tier: z.number().int().nullable() })),
  tiers: z.array(z.object({ tier: z.number().int(), name: z.string(), model: z.string() })),
  keywords: z.array(
    z.object({
      language: z.enum(['en', 'bs', 'no']),
      words: z.array(z.object({ word: z.string(), weight: z.number() })),
    }),
  ),
  skills: z.array(companySkillSchema),
  blueprints: z.array(blueprintViewSchema),
  sharedBlueprints: z.array(blueprintRowSchema),
  mcp: z.array(companyServerSchema),
  mcpRemoved: z.array(z.string()),
});
export type CompanyDetail = z.infer<typeof companyDetailSchema>;

export const companyViewSchema = companyRowSchema.extend({
  /** Below the folder of companies, where its files are. */
  folder: z.string(),
  problemList: z.array(problemSchema),
  tasks: z.array(taskListItemSchema),
  /** Null when it is broken and was never good. */
  detail: companyDetailSchema.nullable(),
});
export type CompanyView = z.infer<typeof companyViewSchema>;
