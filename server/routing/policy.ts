import type { Catalogue, Company } from '#server/catalogue/data.ts';
import type { Blueprint } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { fold, foldPattern } from '#server/domain/folding.ts';
import type { ChainPlan, StagePlan, StepAgent } from '#server/domain/plan.ts';
import type { Stage } from '#server/domain/status.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { type ModelPlan, planModels, tierOfModel } from './models.ts';
import type { AccountState, Classification, HostState, TaskText, TierStart } from './schema.ts';

/** What a person decided himself; it is taken as it is and said so. */
export interface Overrides {
  company?: string | undefined;
  blueprint?: string | undefined;
  tier?: number | undefined;
  complexity?: number | undefined;
  /** Only tiers that need no network. */
  offline?: boolean | undefined;
}

export interface RouteInput {
  task: TaskText;
  classification: Classification;
  overrides?: Overrides;
  /** From intake's safety rails. */
  held: Route['held'];
  hosts: HostState[];
  /** The services of providers.yaml; none when absent. */
  accounts?: Record<string, AccountState>;
  /** Where a person lets kinds of work begin; nowhere else when absent. */
  starts?: readonly TierStart[];
}

/**
 * The whole route of a task, and what every stage of its chain will be done by. Pure: the same catalogue, hosts and text
 * give the same answer. Throws COMPANY_UNKNOWN, COMPANY_INVALID or BLUEPRINT_UNKNOWN for what a person named wrongly.
 */
export function planWork(catalogue: Catalogue, input: RouteInput): { route: Route; plan: ChainPlan } {
  const { task, overrides = {}, held } = input;
  const found = byHand(input.classification, overrides.complexity);
  const classification = held ? sensitive(found) : found;
  const build = chooseBuild(catalogue, classification, task.title, overrides);
  const route = (stage: StageChoice): Route => {
    const { tiers, fleet } = catalogue;
    const reach = { tiers, fleet, hosts: input.hosts, accounts: input.accounts ?? {} };
    const byHand = stage.stage === 'BUILD' && (overrides.tier ?? overrides.complexity) !== undefined;
    const usual = planModels(reach, stage.tier, overrides.offline);
    const start =
      byHand || held ? undefined : startOf(input.starts ?? [], stage.stage, classification.type, usual.tier);
    const models = start ? planModels(reach, start.tier, overrides.offline) : usual;
    return {
      company: stage.company.name,
      blueprint: stage.blueprint,
      complexity: classification.complexity,
      domain: classification.domain,
      type: classification.type,
      confidence: classification.confidence,
      tier: models.tier,
      choices: models.choices,
      ...(overrides.offline ? { offline: true } : {}),
      skipped: models.skipped,
      held,
      reasons: [...stage.reasons, ...(start ? [start.reason] : []), ...explain(models)],
      classifier: classification.classifier,
    };
  };
  const stages = [build, ...laterStages(catalogue, task, build)].map((choice): StagePlan => {
    const { blueprint, hash } = catalogue.way(choice.blueprint, choice.company.name);
    return {
      stage: choice.stage,
      company: choice.company.name,
      companyHash: choice.company.hash,
      blueprint: choice.blueprint,
      blueprintHash: hash,
      steps: blueprint.steps.map((s) => s.key),
      route: route(choice),
      ...(blueprint.kind === 'workflow' ? { agents: agentsOf(catalogue, choice.company, blueprint) } : {}),
    };
  });
  return { route: (stages[0] as StagePlan).route, plan: { stages } };
}

/** Where a person lets such work begin: his choice is newer than what any file says. What he holds or chose for this task stays as it is. */
function startOf(starts: readonly TierStart[], stage: Stage, type: string, usual: number) {
  const kind = `${stage} ${type}`;
  const found = starts.find((s) => s.kind === kind && s.insteadOf === usual);
  return (
    found && {
      tier: found.tier,
      reason: `Tier ${found.tier} instead of ${usual}: ${kind} begins there by a person's choice`,
    }
  );
}

function byHand(found: Classification, complexity: number | undefined): Classification {
  if (complexity === undefined) return found;
  const chosen = Math.min(5, Math.max(1, complexity)) as Classification['complexity'];
  return {
    ...found,
    complexity: chosen,
    reasons: [...found.reasons, `Complexity ${chosen}: chosen by hand`],
  };
}

/** What a human has to see is never simple work, however short it is said. */
function sensitive(found: Classification): Classification {
  if (found.complexity >= SENSITIVE) return found;
  const reasons = [...found.reasons, `Complexity ${SENSITIVE}: it is held for a human`];
  return { ...found, complexity: SENSITIVE, reasons };
}
const SENSITIVE = 4;

interface StageChoice {
  stage: Stage;
  company: Company;
  blueprint: string;
  tier: number;
  reasons: string[];
}

const explain = (models: ModelPlan) => [
  ...models.reasons,
  ...models.skipped.map((s) => `Tier ${s.tier} (${s.model}) is skipped: ${s.reason}`),
];

function chooseBuild(
  catalogue: Catalogue,
  found: Classification,
  title: string,
  overrides: Overrides,
): StageChoice {
  const reasons: string[] = [];
  const company = overrides.company
    ? chosenCompany(catalogue, overrides.company)
    : ableCompany(catalogue, found.company, reasons);
  if (overrides.company) reasons.push(`${company.name}: chosen by hand`);
  reasons.push(...found.reasons);
  const blueprint = buildBlueprint(catalogue, company, found, title, overrides, reasons);
  return {
    stage: 'BUILD',
    company,
    blueprint,
    tier:
      workflowTier(catalogue, blueprint, company, overrides, reasons) ??
      buildTier(catalogue, company, found, overrides, reasons),
    reasons,
  };
}

/** The company a person named, or its heir. Throws for a meta company, which is never given a build. */
function chosenCompany(catalogue: Catalogue, name: string): Company {
  const company = catalogue.company(catalogue.cards.get(name)?.merged_into ?? name);
  if (company.card.status !== 'meta') return company;
  const able = [...catalogue.companies.values()].filter((c) => c.card.status === 'active');
  throw new AlaiError(
    'COMPANY_INVALID',
    `${name} is a meta company: it is never given a build.`,
    `Choose one of ${able.map((c) => c.name).join(', ')}.`,
  );
}

/** By hand, else the company's own for such a title, else the one of the type. */
function buildBlueprint(
  catalogue: Catalogue,
  company: Company,
  found: Classification,
  title: string,
  overrides: Overrides,
  reasons: string[],
): string {
  if (overrides.blueprint) {
    reasons.push(`Blueprint ${overrides.blueprint}: chosen by hand`);
    return overrides.blueprint;
  }
  const special = catalogue.routing.companies[company.name]?.blueprints.find(
    (b) => b.types.includes(found.type) && new RegExp(foldPattern(b.pattern), 'iu').test(fold(title)),
  );
  if (special) {
    reasons.push(`Blueprint ${special.blueprint}: ${company.name}'s own for such a title`);
    return special.blueprint;
  }
  const usual = catalogue.routing.types[found.type]?.blueprint ?? 'minion-one-shot';
  reasons.push(`Blueprint ${usual}: the one for ${found.type}`);
  return usual;
}

/** The classified company, or the one that does its work now: merged, switched off, broken or not shipped. */
function ableCompany(catalogue: Catalogue, name: string, reasons: string[]): Company {
  const { routing, companies } = catalogue;
  const listed = companies.get(name);
  const heir = (listed?.card ?? catalogue.cards.get(name))?.merged_into;
  if (listed?.card.status === 'active' && !heir) return listed;
  const next = heir ? companies.get(heir) : undefined;
  const problem = catalogue.problems.find((p) => p.file.startsWith(`companies/${name}/`));
  const why = heir
    ? `is merged into ${heir}`
    : problem
      ? `cannot be read (${problem.file}:${problem.line})`
      : listed?.card.status === 'meta'
        ? 'is a meta company, which builds nothing'
        : 'is not active';
  const taker = next?.card.status === 'active' ? next : catalogue.company(routing.default);
  reasons.push(`${name} ${why}: ${taker.name} takes its work`);
  return taker;
}

/** A workflow starts on the tier its first step asks for. */
function workflowTier(
  catalogue: Catalogue,
  name: string,
  company: Company,
  overrides: Overrides,
  reasons: string[],
): number | undefined {
  const { blueprint } = catalogue.way(name, company.name);
  const agent = blueprint.kind === 'workflow' ? blueprint.steps[0]?.agent : undefined;
  if (overrides.tier || !agent?.startsWith('tier:')) return undefined;
  reasons.push(`Tier ${agent.slice(5)}: the workflow ${name} begins on it`);
  return Number(agent.slice(5));
}

function buildTier(
  catalogue: Catalogue,
  company: Company,
  found: Classification,
  overrides: Overrides,
  reasons: string[],
): number {
  if (overrides.tier) {
    reasons.push(`Tier ${overrides.tier}: chosen by hand`);
    return overrides.tier;
  }
  return (
    companyTier(catalogue, company, found.type, reasons) ??
    companyTier(catalogue, company, 'build', reasons) ??
    catalogue.tiers.complexity[`${found.complexity}`]
  );
}

function companyTier(
  catalogue: Catalogue,
  company: Company,
  kind: string,
  reasons: string[],
): number | undefined {
  const model = company.config.tier_overrides[kind];
  const tier = model === undefined ? undefined : tierOfModel(catalogue.tiers, model);
  if (tier !== undefined) reasons.push(`Tier ${tier}: ${company.name} does ${kind} with ${model}`);
  return tier;
}

/** Who does each step of a workflow: a company by name, or the own one on the first of these tiers that has a model. */
function agentsOf(catalogue: Catalogue, own: Company, workflow: Blueprint): Record<string, StepAgent> {
  return Object.fromEntries(
    workflow.steps.map((step) => {
      const wanted = [step.agent, ...(step.fallback ?? [])].filter((a) => a !== undefined);
      const named = wanted
        .filter((a) => !a.startsWith('tier:'))
        .map((a) => catalogue.companies.get(a.split('/')[0] ?? ''))
        .find((c) => c !== undefined && (step.role !== 'reviewer' || c.name !== own.name));
      const company = step.agent?.startsWith('tier:') ? own : (named ?? own);
      const tiers = wanted.filter((a) => a.startsWith('tier:')).map((a) => Number(a.slice(5)));
      return [step.key, { company: company.name, companyHash: company.hash, tiers }];
    }),
  );
}

const LATER = ['REVIEW', 'SECURITY', 'OPS', 'DOCS'] as const;

/** REVIEW and SECURITY always; OPS and DOCS when a tag or the blueprint asks for them. Nobody reviews his own work. */
function laterStages(catalogue: Catalogue, task: TaskText, build: StageChoice): StageChoice[] {
  const { routing } = catalogue;
  const way = catalogue.way(build.blueprint, build.company.name).blueprint;
  // A workflow that only judges leaves nothing to be reviewed.
  if (way.kind === 'workflow' && way.steps.every((s) => s.role !== 'builder')) return [];
  const { triggers } = way;
  const tags = task.tags.map((t) => t.toLowerCase());
  const chosen: StageChoice[] = [];
  for (const stage of LATER) {
    const rule = routing.stages[stage];
    if (!rule) continue;
    const tag = rule.tags.find((t) => tags.includes(t));
    const asked = triggers.find((t) => t === stage);
    if (rule.tags.length && !tag && !asked) continue;
    const reasons = [
      tag
        ? `${stage}: the tag "${tag}" asks for it`
        : asked
          ? `${stage}: the blueprint asks for it`
          : `${stage} follows BUILD`,
    ];
    const name = rule.companies.find((c) => c !== build.company.name) ?? (rule.companies[0] as string);
    if (rule.companies[0] !== name) reasons.push(`${name}, because ${build.company.name} built it itself`);
    const company = ableCompany(catalogue, name, reasons);
    const tier = companyTier(catalogue, company, rule.kind, reasons) ?? rule.tier;
    chosen.push({ stage, company, blueprint: rule.blueprint, tier, reasons });
  }
  return chosen;
}
