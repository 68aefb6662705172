import type { AgentRole } from '#server/domain/blueprint.ts';
import type { CompanyRules } from '#server/domain/role-rules.ts';
import type { Queryable } from '#server/platform/db.ts';
import type { Catalogue, Company, ResolvedBlueprint } from './data.ts';

/** A version of a company or blueprint, as tasks refer to it. */
export interface CatalogueVersion {
  kind: 'company' | 'blueprint';
  name: string;
  hash: string;
  data: unknown;
}

/** What work is done by: pinned with the task, whatever happens to the files afterwards. */
export function companyVersion(catalogue: Catalogue, company: Company): CatalogueVersion {
  const { name, identity, agents, card } = company;
  const skills = catalogue.skills(company);
  const { servers } = catalogue.mcp(company);
  const data = { name, identity, agents, policy: policyOf(company), skills, mcp: servers };
  const { domain, description } = card;
  return { kind: 'company', name, hash: company.hash, data: { ...data, domain, description } };
}

/** What its roles may do, in the words of the execution. */
function policyOf({ agents, tools }: Pick<Company, 'agents' | 'tools'>): CompanyRules {
  const of = <T>(make: (role: AgentRole) => T) => ({
    lead: make('lead'),
    builder: make('builder'),
    reviewer: make('reviewer'),
  });
  return {
    roles: of((role) => ({
      source: `agents/${role}.yaml`,
      allowedPaths: agents[role].constraints.allowed_paths,
      forbiddenPaths: agents[role].constraints.forbidden_paths,
      writeLocked: agents[role].constraints.write_locked,
      readOnly: agents[role].constraints.read_only ?? false,
      tools: agents[role].tools ?? null,
    })),
    tools: of((role) => ({ allow: tools[role].allow ?? null, deny: tools[role].deny })),
  };
}

function blueprintVersion({ blueprint, hash }: ResolvedBlueprint): CatalogueVersion {
  return { kind: 'blueprint', name: blueprint.name, hash, data: blueprint };
}

/** The versions a chain plan refers to, ready to be stored before the tasks that need them. */
export function versionsOf(
  catalogue: Catalogue,
  stages: { company: string; blueprint: string; agents?: Record<string, { company: string }> | undefined }[],
): CatalogueVersion[] {
  const all = stages.flatMap(({ company, blueprint, agents = {} }) => [
    ...[company, ...Object.values(agents).map((a) => a.company)].map((name) =>
      companyVersion(catalogue, catalogue.company(name)),
    ),
    blueprintVersion(catalogue.way(blueprint, company)),
  ]);
  return [...new Map(all.map((v) => [`${v.kind} ${v.name} ${v.hash}`, v])).values()];
}

/** Stores versions once; a version never changes, so one that is there stays as it is. */
export async function storeVersions(q: Queryable, versions: CatalogueVersion[]): Promise<void> {
  if (versions.length === 0) return;
  await q.query(
    `INSERT INTO catalogue_version (kind, name, hash, data)
     SELECT v.kind, v.name, v.hash, v.data FROM jsonb_to_recordset($1::jsonb) v(kind text, name text, hash text, data jsonb)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(versions)],
  );
}
