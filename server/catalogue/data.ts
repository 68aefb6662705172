import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { AlaiError } from '#server/domain/errors.ts';
import { type BlueprintFile, type ResolvedBlueprint, resolveBlueprint } from './blueprints.ts';
import { type Company, readBlueprints, readCard, readCompany, readSkills, type Skill } from './company.ts';
import {
  type CompanyCard,
  type Fleet,
  fleetSchema,
  type McpBase,
  mcpBaseSchema,
  type Routing,
  routingSchema,
  type Safety,
  safetySchema,
  type Tiers,
  tiersSchema,
} from './schema.ts';
import { CatalogueError, type Problem, parseSource, readSource } from './source.ts';

export type { ResolvedBlueprint } from './blueprints.ts';
export type { Company, Skill } from './company.ts';
export type { CompanyCard, Fleet, Routing, Safety, TierRow, Tiers } from './schema.ts';
export type { Problem } from './source.ts';

/** Everything that is configured as files, as it stood when it was read. */
export interface Catalogue {
  companies: Map<string, Company>;
  routing: Routing;
  safety: Safety;
  tiers: Tiers;
  fleet: Fleet;
  /** The cards of all companies whose company.json is good, also of those that are broken elsewhere: whose work is it? */
  cards: Map<string, CompanyCard>;
  /** The MCP servers every company has unless it says otherwise. */
  mcp: McpBase;
  /** Skills of all companies. */
  skills: Skill[];
  workflows: Map<string, BlueprintFile>;
  /** Companies and blueprints that could not be read; the others are there. */
  problems: Problem[];
  /** The company, or COMPANY_INVALID with file and line, or COMPANY_UNKNOWN with the known ones. */
  company(name: string): Company;
  /** The company's own blueprint of that name, else the shared one, with `extends` folded in. */
  blueprint(name: string, company?: string): ResolvedBlueprint;
}

const FRESH_FOR = 500;
const cache = new Map<string, { stamp: string; checked: number; catalogue: Catalogue }>();

/**
 * The catalogue of a folder. Read again when a file changed (looked at twice a second at most), so an edited company
 * works at the next task without a restart. Broken companies are named in `problems`; broken shared files throw,
 * because without safety patterns nothing may run.
 */
export function readCatalogue(folder: string = path.resolve('companies')): Catalogue {
  const known = cache.get(folder);
  if (known && Date.now() - known.checked < FRESH_FOR) return known.catalogue;
  const stamp = stampOf(folder);
  const catalogue = known?.stamp === stamp ? known.catalogue : load(folder);
  cache.set(folder, { stamp, checked: Date.now(), catalogue });
  return catalogue;
}

function stampOf(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return entries
    .map((e) => {
      const file = path.join(e.parentPath, e.name);
      const { mtimeMs, size } = statSync(file);
      return `${file}:${mtimeMs}:${size}`;
    })
    .sort()
    .join('\n');
}

function load(root: string): Catalogue {
  const shared = <S extends Parameters<typeof parseSource>[2]>(name: string, schema: S) => {
    try {
      return parseSource(readSource(root, `_shared/${name}`), `_shared/${name}`, schema);
    } catch (e) {
      throw asAlaiError(e);
    }
  };
  const routing = shared('routing.yaml', routingSchema) as Routing;
  const safety = shared('safety.yaml', safetySchema) as Safety;
  const tiers = shared('tiers.yaml', tiersSchema) as Tiers;
  const fleet = shared('fleet.yaml', fleetSchema) as Fleet;
  const mcp = shared('mcp.json', mcpBaseSchema) as McpBase;
  let sharedBlueprints: Map<string, BlueprintFile>;
  let workflows: Map<string, BlueprintFile>;
  let skills: Skill[];
  try {
    sharedBlueprints = readBlueprints(root, '_shared/blueprints');
    workflows = readBlueprints(root, '_shared/workflows', 'workflow');
    skills = readSkills(root, '_shared/skills');
  } catch (e) {
    throw asAlaiError(e);
  }

  const companies = new Map<string, Company>();
  const cards = new Map<string, CompanyCard>();
  const broken = new Map<string, Problem>();
  const names = readdirSync(root, { withFileTypes: true })
    .filter((e) => e.isDirectory() && !/^[._]/.test(e.name))
    .map((e) => e.name)
    .sort();
  const lookUp = (own: Map<string, BlueprintFile> | undefined) => (name: string, after: BlueprintFile) => {
    const mine = own?.get(name);
    return mine && mine !== after ? mine : sharedBlueprints.get(name);
  };
  for (const name of names) {
    try {
      cards.set(name, readCard(root, name));
      const company = readCompany(root, name);
      for (const file of company.blueprints.values()) resolveBlueprint(file, lookUp(company.blueprints));
      companies.set(name, company);
    } catch (e) {
      broken.set(name, problemOf(e, name));
    }
  }
  const resolved = new Map<string, ResolvedBlueprint>();
  return {
    companies,
    routing,
    safety,
    tiers,
    fleet,
    cards,
    mcp,
    skills,
    workflows,
    problems: [...broken.values()],
    company(name) {
      const company = companies.get(name);
      if (company) return company;
      const problem = broken.get(name);
      if (problem) {
        throw new AlaiError(
          'COMPANY_INVALID',
          `Company ${name} is not usable: ${problem.file}:${problem.line} ${problem.message}`,
          'Mend that line; the company is read again at once.',
          { ...problem },
        );
      }
      throw new AlaiError(
        'COMPANY_UNKNOWN',
        `There is no company ${name}.`,
        `Choose one of ${[...companies.keys()].join(', ')}.`,
      );
    },
    blueprint(name, companyName) {
      const key = `${companyName ?? ''}/${name}`;
      const found = resolved.get(key);
      if (found) return found;
      const own = companyName ? companies.get(companyName)?.blueprints : undefined;
      const file = own?.get(name) ?? sharedBlueprints.get(name);
      if (!file) {
        const all = [...new Set([...(own?.keys() ?? []), ...sharedBlueprints.keys()])].sort();
        throw new AlaiError(
          'BLUEPRINT_UNKNOWN',
          `There is no blueprint ${name}.`,
          `Choose one of ${all.join(', ')}.`,
        );
      }
      try {
        const made = resolveBlueprint(file, lookUp(own));
        resolved.set(key, made);
        return made;
      } catch (e) {
        throw asAlaiError(e);
      }
    },
  };
}

/** Problems are told with the path a person opens. */
function problemOf(e: unknown, name: string): Problem {
  if (!(e instanceof CatalogueError))
    return { file: `companies/${name}`, line: 1, message: (e as Error).message };
  return { ...e.problem, file: `companies/${e.problem.file}` };
}

function asAlaiError(e: unknown): unknown {
  if (!(e instanceof CatalogueError)) return e;
  const problem = problemOf(e, '');
  const code = problem.file.includes('/blueprints/') ? 'BLUEPRINT_INVALID' : 'COMPANY_INVALID';
  const message = `${problem.file}:${problem.line} ${problem.message}`;
  return new AlaiError(code, message, 'Mend that line; the file is read again at once.', { ...problem });
}
