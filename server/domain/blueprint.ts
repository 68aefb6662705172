import { z } from 'zod';

export const agentRoles = ['lead', 'builder', 'reviewer'] as const;
export type AgentRole = (typeof agentRoles)[number];
export const toolNames = [
  'list',
  'read',
  'write',
  'edit',
  'search',
  'run',
  'ask_human',
  'plan',
  'report',
  'finding',
  'finish',
] as const;
export type ToolName = (typeof toolNames)[number];

/** A path or glob within a repository: it may not begin outside, nor climb out. */
export const insidePath = z
  .string()
  .min(1)
  .max(500)
  .refine(
    (path) =>
      !/^(?:[/\\~]|[a-z]:)/i.test(path) && !path.split(/[/\\]/).includes('..') && !path.includes('\0'),
    'leads out of the repository: write a path relative to it, without ..',
  );

const gateSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file_exists'), path: insidePath }),
  z.strictObject({
    kind: z.literal('command'),
    command: z.array(z.string().min(1)).min(1),
    seconds: z.number().positive().max(3_600).default(120),
    /** Skip (with the reason shown) when this file is absent, e.g. package.json for `npm test`. */
    ifFile: insidePath.optional(),
  }),
  z.strictObject({ kind: z.literal('min_output'), chars: z.number().int().positive() }),
  z.strictObject({ kind: z.literal('no_placeholders') }),
  /** The added lines hold no password, key or token. */
  z.strictObject({ kind: z.literal('no_secrets') }),
  /** Only these files may have changed: globs relative to the repository. */
  z.strictObject({ kind: z.literal('diff_only'), paths: z.array(insidePath).min(1).max(50) }),
  /** A JSON or YAML file satisfies a JSON Schema: one of the repository, or one written here. */
  z.strictObject({
    kind: z.literal('json_schema'),
    path: insidePath,
    schema: z.union([insidePath, z.record(z.string(), z.unknown())]),
  }),
  /** An address answers. With `start`, the command is started in the sandbox and asked there, without a network. */
  z.strictObject({
    kind: z.literal('http'),
    url: z.url({ protocol: /^https?$/ }).max(500),
    status: z.number().int().min(100).max(599).default(200),
    contains: z.string().max(500).optional(),
    start: z.array(z.string().min(1)).min(1).optional(),
    seconds: z.number().positive().max(300).default(20),
    ifFile: insidePath.optional(),
  }),
]);
export type GateSpec = z.infer<typeof gateSchema>;

const limitsSchema = z.strictObject({
  turns: z.number().int().positive().default(30),
  tokens: z.number().int().positive().default(200_000),
  seconds: z.number().positive().default(900),
  outputBytes: z.number().int().positive().default(200_000),
  idleSeconds: z.number().positive().default(120),
  identicalFailures: z.number().int().positive().default(3),
  /** The same call with the same answer, also where it went well. */
  identicalCalls: z.number().int().positive().default(5),
  /** Read and written since something new was done, read or said. */
  tokensWithoutProgress: z.number().int().positive().default(100_000),
});
export type Limits = z.infer<typeof limitsSchema>;

/** Who does a step of a workflow: a company, one of its roles, or whoever works on a tier. */
const agentRef = z
  .string()
  .regex(
    /^(?:[A-Z][A-Za-z0-9]{1,39}(?:\/(?:lead|builder|reviewer))?|tier:[1-5])$/,
    'must be a company (Proveo), a role of it (Proveo/reviewer) or a tier (tier:2)',
  );

export const blueprintStepSchema = z.strictObject({
  key: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  role: z.enum(agentRoles),
  instructions: z.string().min(1).max(8_000),
  tools: z.array(z.enum(toolNames)).min(1),
  limits: limitsSchema.prefault({}),
  gates: z.array(gateSchema).default([]),
  /** Network is denied in the sandbox unless a step says so. */
  network: z.boolean().default(false),
  /** Globs relative to the repository; empty allow = everything the role may write. */
  paths: z
    .strictObject({ allow: z.array(insidePath).default([]), deny: z.array(insidePath).default([]) })
    .prefault({}),
  /** MCP servers of the company this step may use: some by name, or all. */
  mcp: z.union([z.literal(true), z.array(z.string().min(1).max(40)).max(20)]).optional(),
  /** Steps of a workflow only: who does it, and who instead when that one has no model. */
  agent: agentRef.optional(),
  fallback: z.array(agentRef).max(5).optional(),
});
export type BlueprintStep = z.infer<typeof blueprintStepSchema>;

/** What `${name}` in a blueprint stands for: its text, or its text with what it means. */
const variableSchema = z.union([
  z.string().max(2_000),
  z.strictObject({ default: z.string().max(2_000), description: z.string().max(300).default('') }),
]);
export const variableValue = (v: z.output<typeof variableSchema>): string =>
  typeof v === 'string' ? v : v.default;

export const blueprintSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/),
    /** A workflow is a blueprint whose steps name agents and are gone through again until they pass. */
    kind: z.enum(['blueprint', 'workflow']).default('blueprint'),
    description: z.string().max(500).default(''),
    extends: z.string().optional(),
    stages: z.array(z.enum(['BUILD', 'REVIEW', 'SECURITY', 'OPS', 'DOCS'])).default([]),
    /** Stages after SECURITY that this blueprint asks for by itself. */
    triggers: z.array(z.enum(['OPS', 'DOCS'])).default([]),
    variables: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,39}$/i), variableSchema).default({}),
    /** Workflows: stop when every step passed and the review has at most so many suggestions, or after so many rounds. */
    max_iterations: z.number().int().min(1).max(20).optional(),
    max_suggestions: z.number().int().min(0).max(50).optional(),
    steps: z.array(blueprintStepSchema).default([]),
  })
  .superRefine((blueprint, context) => {
    if (blueprint.kind === 'workflow') return;
    const stray = (path: (string | number)[]) =>
      context.addIssue({ code: 'custom', path, message: 'is for workflows only (kind: workflow)' });
    if (blueprint.max_iterations !== undefined) stray(['max_iterations']);
    if (blueprint.max_suggestions !== undefined) stray(['max_suggestions']);
    blueprint.steps.forEach((step, n) => {
      if (step.agent) stray(['steps', n, 'agent']);
      if (step.fallback) stray(['steps', n, 'fallback']);
    });
  });
/** The steps of a task, resolved: `extends` already folded in, so `steps` is never empty. */
export type Blueprint = z.infer<typeof blueprintSchema>;

/** When a workflow stops. */
export const workflowLimits = (b: Blueprint): { maxIterations: number; maxSuggestions: number } => ({
  maxIterations: b.max_iterations ?? 3,
  maxSuggestions: b.max_suggestions ?? 3,
});
