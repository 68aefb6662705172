import { z } from 'zod';
import { agentRoles } from '#server/domain/blueprint.ts';
import { stages } from '#server/domain/status.ts';

/** Shapes of the files below companies/. Every object is strict: a misspelt key is an error with a line, not a silence. */

const name = z.string().regex(/^[A-Z][A-Za-z0-9]{1,39}$/, 'must be a company name such as CodeCraft');
const keyword = z.string().trim().min(2).max(60);
const weight = z.number().min(0.5).max(10);
const tier = z.number().int().min(1).max(5);

/** A regular expression, compiled when the file is read so that a bad one is named with its line. */
const pattern = z
  .string()
  .min(2)
  .max(400)
  .superRefine((value, context) => {
    try {
      new RegExp(value, 'iu');
    } catch (e) {
      context.addIssue({ code: 'custom', message: (e as Error).message });
    }
  });

/** company.json, schema v2. */
export const companyCardSchema = z.strictObject({
  schema_version: z.literal(2),
  name,
  type: z.string().min(1).max(60),
  org_number: z.string().max(40).optional(),
  domain: z.string().min(1).max(40),
  description: z.string().min(1).max(500),
  /** Its places in a pipeline. A company takes tasks of its own field whatever stands here. */
  stages: z.array(z.enum(stages)),
  active: z.boolean().default(true),
  /** Where its tasks go when it is merged. */
  merged_into: name.nullable().default(null),
  routing: z.strictObject({ keywords: z.array(keyword).max(100) }),
});
export type CompanyCard = z.infer<typeof companyCardSchema>;

/** config.json: models by role, and tiers by kind of work. */
export const companyConfigSchema = z.strictObject({
  agents: z.record(
    z.enum(agentRoles),
    z.strictObject({ model: z.string().max(80), type: z.string().max(40) }),
  ),
  /** Kind of work -> `ollama:<model>` or a Claude model's short name. */
  tier_overrides: z.record(z.string().max(40), z.string().max(80)).default({}),
});
export type CompanyConfig = z.infer<typeof companyConfigSchema>;

/** agents/<role>.yaml */
export const agentSchema = z.strictObject({
  name: z.string().min(1).max(60),
  role: z.enum(agentRoles),
  description: z.string().min(1).max(500),
  instructions: z.string().min(1).max(4_000),
  constraints: z.strictObject({
    allowed_paths: z.array(z.string().max(200)).default([]),
    forbidden_paths: z.array(z.string().max(200)).default([]),
    write_locked: z.boolean(),
  }),
});
export type Agent = z.infer<typeof agentSchema>;

/** config/tools.json */
export const companyToolsSchema = z.strictObject({
  allow: z.array(z.string().max(40)).default([]),
  deny: z.array(z.string().max(40)).default([]),
});

/** config/mcp.json: what this company adds to, removes from or overrides in the base MCP servers. */
export const companyMcpSchema = z.strictObject({
  add: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  remove: z.array(z.string()).default([]),
  override: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

const weights = z.record(keyword, weight);

/** _shared/routing.yaml */
export const routingSchema = z.strictObject({
  default: name,
  /** How much a keyword counts by where it stands. */
  places: z.strictObject({ title: weight, tags: weight, description: weight }),
  companies: z.record(
    name,
    z.strictObject({
      domain: z.string().max(40),
      keywords: weights,
      /** Its own blueprints for special work; the first whose pattern is in the title, and only for BUILD of these types. */
      blueprints: z
        .array(z.strictObject({ pattern, blueprint: z.string(), types: z.array(z.string()) }))
        .default([]),
    }),
  ),
  /** What the title asks for as a whole; outweighs single words ("write the deploy guide" is writing). */
  intents: z
    .array(z.strictObject({ pattern, company: name, weight, because: z.string().max(120) }))
    .default([]),
  /** A tag that settles the company. */
  tags: z.record(z.string(), name).default({}),
  /** Companies that are merged, and where their tasks go. */
  merged: z.record(name, name).default({}),
  types: z.record(
    z.string().regex(/^[a-z][a-z-]{1,30}$/),
    z.strictObject({
      blueprint: z.string(),
      complexity: z.number().int().min(1).max(5),
      keywords: weights.default({}),
      patterns: z.array(z.strictObject({ pattern, weight })).default([]),
    }),
  ),
  default_type: z.string(),
  /** What makes a task harder or easier than its type. */
  complexity: z
    .array(z.strictObject({ pattern, add: z.number().int().min(-2).max(3), because: z.string().max(120) }))
    .default([]),
  /** Who does the stages after BUILD (the first that is not the builder itself), by which blueprint, from which tier. */
  stages: z.record(
    z.enum(['REVIEW', 'SECURITY', 'OPS', 'DOCS']),
    z.strictObject({
      companies: z.array(name).min(1),
      blueprint: z.string(),
      tier,
      /** Kind of work in a company's tier_overrides. */
      kind: z.string(),
      /** Tags that add the stage; stages without any always run. */
      tags: z.array(z.string()).default([]),
    }),
  ),
});
export type Routing = z.infer<typeof routingSchema>;

/** _shared/safety.yaml */
export const safetySchema = z.strictObject({
  patterns: z.array(
    z.strictObject({
      name: z.string().regex(/^[a-z][a-z-]{1,40}$/),
      reason: z.string().min(1).max(200),
      any: z.array(pattern).min(1).max(40),
      unless: z.array(pattern).max(20).default([]),
    }),
  ),
});
export type Safety = z.infer<typeof safetySchema>;

const tierRow = z.strictObject({
  tier,
  name: z.string().max(40),
  model: z.string().max(80),
  provider: z.enum(['ollama', 'llama-server', 'claude', 'human']),
  /** Preferred hosts, best first. */
  hosts: z.array(z.string().max(40)).default([]),
  pipelines: z.array(z.string().max(40)).default([]),
  use: z.string().max(120),
});

/** _shared/tiers.yaml */
export const tiersSchema = z
  .strictObject({
    default: z.string(),
    presets: z.record(
      z.string(),
      z.strictObject({ source: z.string().max(120), tiers: z.array(tierRow).length(5) }),
    ),
    /** Complexity -> the tier a task starts on. */
    complexity: z.strictObject({ '1': tier, '2': tier, '3': tier, '4': tier, '5': tier }),
    /** Models that cannot drive an agent, by the start of their name. */
    not_agents: z.array(z.string()).default([]),
  })
  .refine((t) => t.default in t.presets, { path: ['default'], message: 'names a preset that is not there' });
export type Tiers = z.infer<typeof tiersSchema>;
export type TierRow = z.infer<typeof tierRow>;

/** _shared/fleet.yaml */
export const fleetSchema = z.strictObject({
  hosts: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a host is named in lower case'),
        label: z.string().max(40),
        memory_gb: z.number().int().positive().nullable().default(null),
        slots: z.number().int().min(1).max(64),
        /** Whether `npm start` on this machine runs its worker. */
        local: z.boolean().default(true),
        /** Its Ollama; null is OLLAMA_HOST, else the default on the worker's own machine. */
        ollama: z.string().max(200).nullable().default(null),
      }),
    )
    .min(1),
});
export type Fleet = z.infer<typeof fleetSchema>;
