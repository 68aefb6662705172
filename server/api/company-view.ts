import type {
  BlueprintFile,
  Catalogue,
  Company,
  ResolvedBlueprint,
  ResolvedServer,
} from '#server/catalogue/data.ts';
import { agentRoles, type GateSpec, variableValue } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type {
  BlueprintRow,
  BlueprintView,
  CompaniesView,
  CompanyAgentView,
  CompanyDetail,
  CompanyLoad,
  CompanyRow,
} from '#server/domain/views/company.ts';
import { idle } from '#server/engine/data/company.ts';
import { tierOfModel } from '#server/routing/models.ts';

const below = (file: string) => `companies/${file}`;
const problemsOf = (catalogue: Catalogue, name: string) =>
  catalogue.problems.filter((p) => p.file === below(name) || p.file.startsWith(`${below(name)}/`));

/** Names of all companies there are files for, also of those that cannot be read. */
function namesOf(catalogue: Catalogue): string[] {
  const broken = catalogue.problems
    .map((p) => p.file.split('/')[1] ?? '')
    .filter((name) => !name.startsWith('_'));
  return [...new Set([...catalogue.companies.keys(), ...catalogue.cards.keys(), ...broken])].sort();
}

export function companyRow(catalogue: Catalogue, name: string, loads: Map<string, CompanyLoad>): CompanyRow {
  const company = catalogue.companies.get(name);
  const card = company?.card ?? catalogue.cards.get(name);
  const problems = problemsOf(catalogue, name);
  if (!card && problems.length === 0) catalogue.company(name);
  return {
    name,
    status: company ? company.card.status : 'broken',
    mergedInto: card?.merged_into ?? null,
    type: card?.type ?? '',
    domain: card?.domain ?? '',
    description: card?.description ?? '',
    pipelineRole: card?.pipeline_role ?? '',
    stages: card?.stages ?? [],
    kept: catalogue.kept.has(name),
    problems: problems.length,
    load: loads.get(name) ?? idle,
  };
}

const order = { active: 0, broken: 1, meta: 2, merged: 3, inactive: 4 } as const;

/** The roster: active ones first, then meta, then those whose tasks go elsewhere. */
export function companiesView(
  catalogue: Catalogue,
  folder: string,
  loads: Map<string, CompanyLoad>,
): CompaniesView {
  const companies = namesOf(catalogue)
    .map((name) => companyRow(catalogue, name, loads))
    .sort((a, b) => order[a.status] - order[b.status] || (a.name < b.name ? -1 : 1));
  return { folder, companies, problems: catalogue.problems };
}

/** Everything about one company, each piece with the file it came from. Null when there is no good version. */
export function companyDetail(catalogue: Catalogue, name: string): CompanyDetail | null {
  const company = catalogue.companies.get(name);
  if (!company) return null;
  const { card, config } = company;
  const mcp = catalogue.mcp(company);
  const tiers = catalogue.tiers.presets[catalogue.tiers.default]?.tiers ?? [];
  return {
    orgNumber: card.org_number ?? null,
    hash: company.hash,
    identity: company.identity,
    readme: company.readme,
    agents: agentRoles.map((role) => agentView(catalogue, company, role)),
    overrides: Object.entries(config.tier_overrides).map(([kind, model]) => ({
      kind,
      model,
      tier: tierOfModel(catalogue.tiers, model) ?? null,
    })),
    tiers: tiers.map(({ tier, name: called, model }) => ({ tier, name: called, model })),
    keywords: (['en', 'bs', 'no'] as const).map((language) => ({
      language,
      words: Object.entries(card.routing.keywords[language])
        .map(([word, weight]) => ({ word, weight }))
        .sort((a, b) => b.weight - a.weight),
    })),
    skills: catalogue.skills(company).map(({ when, ...skill }) => ({
      ...skill,
      file: below(skill.file),
      keywords: when?.keywords ?? [],
      stages: when?.stages ?? [],
    })),
    blueprints: [...company.blueprints.keys()].map((b) => blueprintView(catalogue.blueprint(b, name))),
    sharedBlueprints: catalogue.shared.blueprints
      .filter((f) => !company.blueprints.has(f.blueprint.name))
      .map((f) => rowOf(f, null)),
    mcp: mcp.servers.map(serverView),
    mcpRemoved: mcp.removed,
  };
}

function agentView(
  catalogue: Catalogue,
  company: Company,
  role: (typeof agentRoles)[number],
): CompanyAgentView {
  const agent = company.agents[role];
  const set = company.config.agents[role];
  const tools = company.tools[role];
  const fixed = set.tier ?? tierOfModel(catalogue.tiers, set.model);
  const allowed = [agent.tools, tools.allow].filter((t) => t !== undefined);
  return {
    role,
    name: agent.name,
    description: agent.description,
    instructions: agent.instructions,
    file: below(`${company.name}/agents/${role}.yaml`),
    model: set.model,
    modelMeans: fixed === undefined ? 'the model of the task’s tier' : `tier ${fixed}`,
    tools: allowed.length
      ? (allowed[0] ?? []).filter((t) => allowed.every((list) => list.includes(t)))
      : null,
    toolsDenied: tools.deny,
    allowedPaths: agent.constraints.allowed_paths,
    forbiddenPaths: agent.constraints.forbidden_paths,
    writes: role === 'builder' && !agent.constraints.write_locked && !agent.constraints.read_only,
  };
}

function serverView({
  name,
  server,
  origin,
  file,
  overridden,
}: ResolvedServer): CompanyDetail['mcp'][number] {
  return {
    name,
    transport: server.transport,
    target: server.transport === 'stdio' ? [server.command, ...server.args].join(' ') : server.url,
    origin,
    file: below(file),
    overridden,
    tools: server.tools ?? null,
    digest: server.digest ?? null,
  };
}

export function blueprintView(resolved: ResolvedBlueprint): BlueprintView {
  const { blueprint, hash, files, stepFiles, variableFiles } = resolved;
  return {
    name: blueprint.name,
    kind: blueprint.kind,
    description: blueprint.description,
    hash,
    files: files.map(below),
    stages: blueprint.stages,
    triggers: blueprint.triggers,
    variables: Object.entries(blueprint.variables).map(([name, v]) => ({
      name,
      value: variableValue(v),
      meaning: typeof v === 'string' ? '' : v.description,
      file: below(variableFiles[name] ?? ''),
    })),
    steps: blueprint.steps.map((step) => ({
      key: step.key,
      role: step.role,
      agent: step.agent ?? null,
      instructions: step.instructions,
      tools: step.tools,
      gates: step.gates.map(gateWords),
      limits: `${step.limits.turns} turns, ${step.limits.tokens.toLocaleString('en-US')} tokens, ${step.limits.seconds} s`,
      network: step.network,
      file: below(stepFiles[step.key] ?? files[0] ?? ''),
    })),
  };
}

/** A gate as one reads it: "command npm test", "file_exists README.md". */
function gateWords(gate: GateSpec): string {
  switch (gate.kind) {
    case 'command':
      return `command ${gate.command.join(' ')}`;
    case 'file_exists':
      return `file_exists ${gate.path}`;
    case 'min_output':
      return `min_output ${gate.chars} characters`;
    case 'diff_only':
      return `diff_only ${gate.paths.join(', ')}`;
    case 'json_schema':
      return `json_schema ${gate.path}`;
    case 'http':
      return `http ${gate.url} ${gate.status}`;
    default:
      return gate.kind;
  }
}

const rowOf = ({ blueprint, file }: BlueprintFile, company: string | null): BlueprintRow => ({
  name: blueprint.name,
  kind: blueprint.kind,
  description: blueprint.description,
  file: below(file),
  company,
});

/** Of one company: its own and the shared ones. Of none: all there are, and the workflows. */
export function blueprintRows(catalogue: Catalogue, name: string | null): BlueprintRow[] {
  const of = (company: Company) => [...company.blueprints.values()].map((f) => rowOf(f, company.name));
  const shared = catalogue.shared.blueprints.map((f) => rowOf(f, null));
  if (name === null)
    return [
      ...shared,
      ...[...catalogue.companies.values()].flatMap(of),
      ...catalogue.shared.workflows.map((f) => rowOf(f, null)),
    ];
  const own = of(catalogue.company(name));
  return [...own, ...shared.filter((s) => !own.some((o) => o.name === s.name))];
}

/** A blueprint, or a workflow of that name when there is no blueprint. Without a company one that only one company has is found too. */
export function findBlueprint(catalogue: Catalogue, name: string, company: string | null): ResolvedBlueprint {
  if (company !== null) catalogue.company(company);
  const rows = blueprintRows(catalogue, company).filter((r) => r.name === name);
  if (company === null && !rows.some((r) => r.company === null) && rows.length > 1)
    throw new AlaiError(
      'BLUEPRINT_UNKNOWN',
      `Several companies have a blueprint ${name}.`,
      `Say which with --company: ${rows.map((r) => r.company).join(', ')}.`,
    );
  const row = rows.find((r) => r.company === null) ?? rows[0];
  if (!row)
    throw new AlaiError(
      'BLUEPRINT_UNKNOWN',
      `There is no blueprint ${name}${company === null ? '' : ` for ${company}`}.`,
      `Choose one of ${[...new Set(blueprintRows(catalogue, company).map((r) => r.name))].sort().join(', ')}.`,
    );
  if (row.kind === 'workflow') return catalogue.workflow(name);
  return catalogue.blueprint(name, company ?? row.company ?? undefined);
}
