import { z } from 'zod';
import { agentRoles, insidePath, toolNames } from '#server/domain/blueprint.ts';
import { pipelineNames } from '#server/domain/pipelines.ts';
import { providerKinds } from '#server/domain/providers.ts';
import { stages } from '#server/domain/status.ts';

/** Shapes of the files below companies/. Every object is strict: a misspelt key is an error with a line, not a silence. */

const name = z.string().regex(/^[A-Z][A-Za-z0-9]{1,39}$/, 'must be a company name such as CodeCraft');
const keyword = z.string().trim().min(2).max(60);
const weight = z.number().min(0.5).max(10);
const tier = z.number().int().min(1).max(5);
const keywordsOf = () => z.record(keyword, z.number().min(1).max(10)).default({});

/** A regular expression, compiled when the file is read so that a bad one is named with its line. */
const pattern = z
  .string()
  .min(2)
  .max(1_200)
  .superRefine((value, context) => {
    try {
      new RegExp(value, 'iu');
    } catch (e) {
      context.addIssue({ code: 'custom', message: (e as Error).message });
    }
  });

/** Where an editor finds the JSON Schema of the file. */
const $schema = z.string().max(200).optional();

const pipelineRoles = ['BUILD', 'REVIEW', 'SECURITY', 'OPS', 'DOCS', 'R&D', 'META'] as const;
const companyStatuses = ['active', 'merged', 'meta', 'inactive'] as const;

/** The languages the CEO writes tasks in. */
export const languages = ['en', 'bs', 'no'] as const;

/** company.json, schema v2. */
export const companyCardSchema = z
  .strictObject({
    $schema,
    schema_version: z.literal(2),
    name,
    type: z.string().min(1).max(60),
    org_number: z.string().max(40).optional(),
    domain: z.string().min(1).max(40),
    description: z.string().min(1).max(500),
    /** What it is for in the factory; `stages` says which stages it takes. */
    pipeline_role: z.enum(pipelineRoles),
    /** Its places in a pipeline. A company takes tasks of its own field whatever stands here. */
    stages: z.array(z.enum(stages)),
    /** Meta companies can be called but are never given a BUILD; merged ones hand their tasks to their heir. */
    status: z.enum(companyStatuses).default('active'),
    merged_into: name.nullable().default(null),
    /** The words that speak for it, by language: keyword -> weight. */
    routing: z.strictObject({
      keywords: z
        .strictObject({
          en: keywordsOf(),
          bs: keywordsOf(),
          no: keywordsOf(),
        })
        .prefault({}),
    }),
  })
  .superRefine((card, context) => {
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (card.status === 'merged' && !card.merged_into)
      issue('merged_into', 'names the heir of a merged company');
    if (card.status !== 'merged' && card.merged_into)
      issue('merged_into', `is for merged companies only, and this one is ${card.status}`);
    if (card.merged_into === card.name) issue('merged_into', 'is the company itself');
  });
export type CompanyCard = z.infer<typeof companyCardSchema>;

/** config.json: models by role, and tiers by kind of work. */
export const companyConfigSchema = z.strictObject({
  $schema,
  agents: z.record(
    z.enum(agentRoles),
    z.strictObject({ model: z.string().max(80), type: z.string().max(40), tier: tier.optional() }),
  ),
  /** Kind of work (lint, classify, code_review, debug, build, docs, ...) -> `ollama:<model>` or a Claude model's short name. */
  tier_overrides: z.record(z.string().regex(/^[a-z][a-z_-]{1,39}$/), z.string().min(1).max(80)).default({}),
});
export type CompanyConfig = z.infer<typeof companyConfigSchema>;

const globs = z.array(insidePath).max(100).default([]);

/** agents/<role>.yaml */
export const agentSchema = z.strictObject({
  name: z.string().min(1).max(60),
  role: z.enum(agentRoles),
  description: z.string().min(1).max(500),
  instructions: z.string().min(1).max(4_000),
  /** Only these of the tools a step offers; absent means all of them. */
  tools: z.array(z.enum(toolNames)).min(1).optional(),
  constraints: z.strictObject({
    allowed_paths: globs,
    forbidden_paths: globs,
    write_locked: z.boolean(),
    read_only: z.boolean().optional(),
  }),
});
export type Agent = z.infer<typeof agentSchema>;

/** The front matter of skills/<name>/SKILL.md. Without `when` the skill is given to every step. */
export const skillSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'a skill is named in lower case, like its folder'),
  description: z.string().min(1).max(500),
  when: z
    .strictObject({
      /** Given when one of these stands in the task. */
      keywords: z.array(keyword).max(100).default([]),
      /** Given in these stages only. */
      stages: z.array(z.enum(stages)).default([]),
    })
    .optional(),
});
export type SkillCard = z.infer<typeof skillSchema>;

const roleTools = z.strictObject({
  /** Only these; absent means all that the step offers. */
  allow: z.array(z.enum(toolNames)).optional(),
  deny: z.array(z.enum(toolNames)).default([]),
});

/** config/tools.json: which tools a step may give to which role of this company. */
export const companyToolsSchema = z.strictObject({
  $schema,
  lead: roleTools.prefault({}),
  builder: roleTools.prefault({}),
  reviewer: roleTools.prefault({}),
});
export type CompanyTools = z.infer<typeof companyToolsSchema>;

const serverName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a server is named in lower case');
const mcpLimits = {
  /** SHA-256 of its tools as they were when somebody looked; another one disables it. */
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex')
    .optional(),
  /** Only these of its tools; absent means all. */
  tools: z.array(z.string().min(1).max(80)).optional(),
  seconds: z.number().positive().max(600).default(30),
  max_output: z.number().int().positive().max(1_000_000).default(50_000),
};
const stdioServer = z.strictObject({
  transport: z.literal('stdio'),
  command: z.string().min(1).max(200),
  args: z.array(z.string().max(500)).max(50).default([]),
  /** Names of variables it may see, never their values. */
  env: z
    .array(z.string().regex(/^[A-Z][A-Z0-9_]{0,79}$/, 'names a variable; values never stand here'))
    .default([]),
  ...mcpLimits,
});
const httpServer = z.strictObject({
  transport: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }).max(500),
  ...mcpLimits,
});
export const mcpServerSchema = z.discriminatedUnion('transport', [stdioServer, httpServer]);
export type McpServer = z.infer<typeof mcpServerSchema>;

/** _shared/mcp.json: the servers every company has unless it says otherwise. */
export const mcpBaseSchema = z.strictObject({
  $schema,
  servers: z.record(serverName, mcpServerSchema).default({}),
});
export type McpBase = z.infer<typeof mcpBaseSchema>;

/** config/mcp.json: what this company adds to, removes from or overrides in the base. */
export const companyMcpSchema = z.strictObject({
  $schema,
  add: z.record(serverName, mcpServerSchema).default({}),
  remove: z.array(serverName).default([]),
  /** Laid over the base's server; checked as a whole when it is resolved. */
  override: z.record(serverName, z.record(z.string(), z.json())).default({}),
});
export type CompanyMcp = z.infer<typeof companyMcpSchema>;

const weights = z.record(keyword, weight);

/** _shared/routing.yaml */
export const routingSchema = z.strictObject({
  default: name,
  /** How much a keyword counts by where it stands. */
  places: z.strictObject({ title: weight, tags: weight, description: weight }),
  companies: z
    .record(
      name,
      z.strictObject({
        /** What its work is when no word says what kind. */
        usual_type: z.string().optional(),
        /** Its own blueprints for special work; the first whose pattern is in the title, and only for BUILD of these types. */
        blueprints: z
          .array(z.strictObject({ pattern, blueprint: z.string(), types: z.array(z.string()) }))
          .default([]),
      }),
    )
    .default({}),
  /** What the title asks for as a whole; outweighs single words ("write the deploy guide" is writing). */
  intents: z
    .array(z.strictObject({ pattern, company: name, weight, because: z.string().max(120) }))
    .default([]),
  /** What names something only to leave it alone ("without touching the UI"): its words speak against a company. */
  negations: z.array(pattern).max(20).default([]),
  /** Words after one of these say where the work is, not what it is; they count less. */
  prepositions: z
    .record(z.enum(languages), z.array(z.string().min(1).max(20)))
    .default({ en: [], bs: [], no: [] }),
  /** A tag that settles the company. */
  tags: z.record(z.string(), name).default({}),
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

/**
 * One way to speak of what is held: expressions that must all be in one sentence, in any order, parted by " & ".
 * `<word>` stands for the expression of that name in `words`. Compared with folded text: small letters, no marks.
 */
const sign = z.string().min(2).max(600);
const wordName = /(?<!\?)<([a-z][a-z-]*)>/g;

/** _shared/safety.yaml */
export const safetySchema = z
  .strictObject({
    /** Expressions used in several patterns, usually one idea in every language. */
    words: z.record(z.string().regex(/^[a-z][a-z-]{1,30}$/), z.string().min(2).max(4_000)).default({}),
    /** What frees a sentence from every pattern: work on a button, a page, a test or a text about the subject. */
    unless: z.array(sign).max(60).default([]),
    patterns: z.array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z-]{1,40}$/),
        reason: z.string().min(1).max(200),
        any: z.array(sign).min(1).max(60),
        unless: z.array(sign).max(40).default([]),
      }),
    ),
  })
  .superRefine(({ words, unless, patterns }, context) => {
    const check = (text: string, path: (string | number)[]) => {
      for (const [, name] of text.matchAll(wordName))
        if (!Object.hasOwn(words, name as string))
          context.addIssue({ code: 'custom', path, message: `<${name}> is not among the words` });
      try {
        for (const part of text.split(' & ')) new RegExp(part.replaceAll(wordName, 'x'), 'iu');
      } catch (e) {
        context.addIssue({ code: 'custom', path, message: (e as Error).message });
      }
    };
    for (const [name, text] of Object.entries(words)) check(text, ['words', name]);
    unless.forEach((text, i) => {
      check(text, ['unless', i]);
    });
    patterns.forEach((p, n) => {
      p.any.forEach((text, i) => {
        check(text, ['patterns', n, 'any', i]);
      });
      p.unless.forEach((text, i) => {
        check(text, ['patterns', n, 'unless', i]);
      });
    });
  });
export type Safety = z.infer<typeof safetySchema>;

const tierRow = z.strictObject({
  tier,
  name: z.string().max(40),
  model: z.string().max(80),
  provider: z.enum(providerKinds),
  /** The entry of providers.yaml; the one named like the provider when absent. */
  account: z.string().max(40).optional(),
  /** Preferred hosts, best first. */
  hosts: z.array(z.string().max(40)).default([]),
  /** How it is asked, the fallback after what it stands in for. */
  pipelines: z.array(z.enum(pipelineNames)).default([]),
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
  })
  .refine((t) => t.default in t.presets, { path: ['default'], message: 'names a preset that is not there' });
export type Tiers = z.infer<typeof tiersSchema>;
export type TierRow = z.infer<typeof tierRow>;
