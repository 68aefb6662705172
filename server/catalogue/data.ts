import { statSync } from 'node:fs';
import path from 'node:path';
import { AlaiError } from '#server/domain/errors.ts';
import type { Prices } from '#server/domain/prices.ts';
import type { GivenSkill } from '#server/domain/skill.ts';
import { env } from '#server/platform/env.ts';
import { type BlueprintFile, lookUp, type ResolvedBlueprint, resolveBlueprint } from './blueprints.ts';
import type { Company } from './company.ts';
import { type Files, readFiles } from './files.ts';
import type { Fleet } from './fleet.ts';
import { stampOf } from './folder.ts';
import { type GoodTexts, goodTextsIn } from './last-good.ts';
import { type ResolvedMcp, resolveMcp } from './mcp.ts';
import type { Providers } from './providers.ts';
import type { CompanyCard, Routing, Safety, Tiers } from './schema.ts';
import { resolveSkills } from './skills.ts';
import { CatalogueError, type Problem, sha256 } from './source.ts';

export type { BlueprintFile, ResolvedBlueprint } from './blueprints.ts';
export type { Company } from './company.ts';
export type { Fleet } from './fleet.ts';
export type { ResolvedMcp, ResolvedServer } from './mcp.ts';
export type { Providers } from './providers.ts';
export type { CompanyCard, Routing, Safety, TierRow, Tiers } from './schema.ts';
export type { Problem } from './source.ts';

/** Everything that is configured as files, as it stood when it was read. */
export interface Catalogue {
  companies: Map<string, Company>;
  routing: Routing;
  safety: Safety;
  tiers: Tiers;
  fleet: Fleet;
  prices: Prices;
  providers: Providers;
  /** The cards of all companies whose company.json is good, also of those broken elsewhere: their words still say whose work it is. */
  cards: Map<string, CompanyCard>;
  /** All that is wrong, each with file, line and remedy. What is not named is there. */
  problems: Problem[];
  /** Companies with a problem that go on with their last good version. */
  kept: Set<string>;
  /** The company, or COMPANY_INVALID with file and line, or COMPANY_UNKNOWN with the known ones. */
  company(name: string): Company;
  /** The company's own blueprint of that name, else the shared one, with `extends` folded in. */
  blueprint(name: string, company?: string): ResolvedBlueprint;
  /** What work is done by: a blueprint of that name, else a workflow. */
  way(name: string, companyName?: string): ResolvedBlueprint;
  /** A workflow of _shared/workflows, with `extends` folded in. */
  workflow(name: string): ResolvedBlueprint;
  /** The shared blueprints and workflows as their files say them. */
  shared: { blueprints: BlueprintFile[]; workflows: BlueprintFile[] };
  /** The skills a company's agents may be taught, and where each came from. */
  skills(company: Company): GivenSkill[];
  /** The MCP servers of a company, and where each came from. */
  mcp(company: Company): ResolvedMcp;
}

const FRESH_FOR = 500;
const cache = new Map<string, { stamp: string; checked: number; files: Files; catalogue: Catalogue }>();

let texts: GoodTexts | undefined;

/**
 * From now on this process keeps the last good fleet, tiers, prices and providers in the home, and begins with them when the files
 * are broken: a worker that is restarted while somebody edits must not be lost. `npm start` does not: it says what is wrong.
 */
export function keepLastGood(home: string): void {
  texts = goodTextsIn(path.join(home, 'run', 'last-good'));
}

/** Where the companies are: ALAI_COMPANIES, else beside the program. */
export const companiesFolder = (): string => env().ALAI_COMPANIES;

/**
 * The catalogue of a folder. Read again when a file changed (looked at twice a second at most), so an edited company
 * works at the next task without a restart. What is broken is named in `problems` and goes on with its last good version
 * when there was one; shared files that were never good throw, because without safety patterns nothing may run.
 */
export function readCatalogue(folder: string = companiesFolder()): Catalogue {
  const known = cache.get(folder);
  if (known && Date.now() - known.checked < FRESH_FOR) return known.catalogue;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new AlaiError(
      'NOT_FOUND',
      `There is no folder of companies at ${folder}.`,
      'Start in the folder of Mission Control, or set ALAI_COMPANIES to it.',
    );
  const stamp = stampOf(folder);
  if (known?.stamp === stamp) {
    known.checked = Date.now();
    return known.catalogue;
  }
  try {
    const files = readFiles(folder, known?.files, texts);
    const catalogue = catalogueOf(files);
    cache.set(folder, { stamp, checked: Date.now(), files, catalogue });
    return catalogue;
  } catch (e) {
    throw asAlaiError(e);
  }
}

function catalogueOf(files: Files): Catalogue {
  const { shared } = files;
  const fallback = files.companies.get(env().ALAI_COMPANY ?? '');
  const skillsOf = (company: Company) =>
    resolveSkills(company.skills, fallback === company ? [] : (fallback?.skills ?? []), shared.skills);
  const mcpOf = (company: Company): ResolvedMcp => {
    const { servers, removed } = resolveMcp(shared.mcp, company.mcp, `${company.name}/config/mcp.json`);
    return { servers, removed };
  };
  // Shared skills and servers are part of what a company's work is done by, so they are part of its version.
  const companies = new Map(
    [...files.companies].map(([name, company]) => {
      const hash = sha256(JSON.stringify([company.hash, skillsOf(company), mcpOf(company)]));
      return [name, { ...company, hash }];
    }),
  );
  const resolved = new Map<string, ResolvedBlueprint>();
  const resolveOnce = (
    key: string,
    name: string,
    own: Map<string, BlueprintFile>,
    below: Map<string, BlueprintFile>,
    what: string,
  ): ResolvedBlueprint => {
    const found = resolved.get(key);
    if (found) return found;
    const file = own.get(name) ?? below.get(name);
    if (!file) {
      const all = [...new Set([...own.keys(), ...below.keys()])].sort();
      throw new AlaiError(
        'BLUEPRINT_UNKNOWN',
        `There is no ${what} ${name}.`,
        `Choose one of ${all.join(', ')}.`,
      );
    }
    try {
      const made = resolveBlueprint(file, lookUp(own, below));
      resolved.set(key, made);
      return made;
    } catch (e) {
      throw asAlaiError(e);
    }
  };
  const catalogue: Catalogue = {
    companies,
    routing: shared.routing,
    safety: shared.safety,
    tiers: shared.tiers,
    fleet: shared.fleet,
    prices: shared.prices,
    providers: shared.providers,
    cards: files.cards,
    problems: files.problems.map(told),
    kept: files.kept,
    company(name) {
      const company = companies.get(name);
      if (company) return company;
      const problem = files.problems.find((p) => p.file === name || p.file.startsWith(`${name}/`));
      if (problem) {
        const { file, line, message, remedy } = told(problem);
        throw new AlaiError(
          'COMPANY_INVALID',
          `Company ${name} is not usable: ${file}:${line} ${message}`,
          `${remedy} The company is read again at once.`,
          { file, line },
        );
      }
      throw new AlaiError(
        'COMPANY_UNKNOWN',
        `There is no company ${name}.`,
        `Choose one of ${[...companies.keys()].join(', ')}.`,
      );
    },
    blueprint(name, companyName) {
      const own = (companyName && companies.get(companyName)?.blueprints) || new Map<string, BlueprintFile>();
      return resolveOnce(`${companyName ?? ''}/${name}`, name, own, shared.blueprints, 'blueprint');
    },
    way(name, companyName) {
      const own = companyName ? companies.get(companyName)?.blueprints.has(name) : false;
      const isWorkflow = !own && !shared.blueprints.has(name) && shared.workflows.has(name);
      if (isWorkflow) return catalogue.workflow(name);
      if (!own && !shared.blueprints.has(name))
        throw new AlaiError(
          'BLUEPRINT_UNKNOWN',
          `There is no blueprint and no workflow ${name}${companyName ? ` for ${companyName}` : ''}.`,
          `Workflows: ${[...shared.workflows.keys()].sort().join(', ')}. Blueprints: ${[...new Set([...shared.blueprints.keys(), ...(companyName ? (companies.get(companyName)?.blueprints.keys() ?? []) : [])])].sort().join(', ')}.`,
        );
      return catalogue.blueprint(name, companyName);
    },
    workflow: (name) => resolveOnce(`workflow:${name}`, name, new Map(), shared.workflows, 'workflow'),
    shared: { blueprints: [...shared.blueprints.values()], workflows: [...shared.workflows.values()] },
    skills: skillsOf,
    mcp: mcpOf,
  };
  return catalogue;
}

/** Problems are told with the path a person opens. */
const told = (problem: Problem): Problem => ({ ...problem, file: `companies/${problem.file}` });

function asAlaiError(e: unknown): unknown {
  if (!(e instanceof CatalogueError)) return e;
  const { file, line, message, remedy } = told(e.problems[0]);
  const code = file.includes('/blueprints/') ? 'BLUEPRINT_INVALID' : 'COMPANY_INVALID';
  return new AlaiError(code, `${file}:${line} ${message}`, remedy, {
    file,
    line,
  });
}
