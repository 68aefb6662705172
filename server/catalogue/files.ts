import { existsSync, readdirSync } from 'node:fs';
import type { z } from 'zod';
import { type Prices, pricesSchema } from '#server/domain/prices.ts';
import { type BlueprintFile, lookUp, readBlueprints, resolveBlueprint } from './blueprints.ts';
import { type Company, readCompany } from './company.ts';
import { type Fleet, fleetSchema } from './fleet.ts';
import type { GoodTexts } from './last-good.ts';
import { resolveMcp } from './mcp.ts';
import { type Providers, providersSchema } from './providers.ts';
import {
  type CompanyCard,
  type McpBase,
  mcpBaseSchema,
  type Routing,
  routingSchema,
  type Safety,
  safetySchema,
  type Tiers,
  tiersSchema,
} from './schema.ts';
import { readSkills, type Skill } from './skills.ts';
import { CatalogueError, Collector, lineOf, type Problem, parseSource, readSource } from './source.ts';

/** What the folder _shared holds. */
export interface Shared {
  routing: Routing;
  safety: Safety;
  tiers: Tiers;
  fleet: Fleet;
  providers: Providers;
  mcp: McpBase;
  prices: Prices;
  blueprints: Map<string, BlueprintFile>;
  workflows: Map<string, BlueprintFile>;
  skills: Skill[];
}

/** All files as they were read; of what is broken, the last good version. */
export interface Files {
  companies: Map<string, Company>;
  cards: Map<string, CompanyCard>;
  shared: Shared;
  problems: Problem[];
  kept: Set<string>;
}

/**
 * Reads the whole folder. A company or shared file with a problem stays as `before` had it, so that a file half-written
 * by an editor never takes a working company away. Throws for shared files that were never good, here or in `texts`.
 */
export function readFiles(root: string, before?: Files, texts?: GoodTexts): Files {
  const collect = new Collector();
  const shared = readShared(root, collect, before?.shared, texts);
  const companies = new Map<string, Company>();
  const cards = new Map<string, CompanyCard>();
  const kept = new Set<string>();
  for (const name of companyFolders(root)) {
    const mark = collect.problems.length;
    const { company, card } = readCompany(root, name, collect);
    if (card) cards.set(name, card);
    if (company && shared) checkTogether(root, company, shared, collect);
    const good = collect.problems.length === mark ? company : undefined;
    const last = before?.companies.get(name);
    if (good) companies.set(name, good);
    else if (last) {
      companies.set(name, last);
      cards.set(name, last.card);
      kept.add(name);
    }
  }
  if (!shared) throw new CatalogueError(...(collect.problems as [Problem, ...Problem[]]));
  for (const company of companies.values()) {
    const heir = company.card.merged_into;
    if (!heir || cards.get(heir)?.status === 'active') continue;
    // A broken heir is named by its own problem; its merged companies are as good as they were.
    if (!cards.has(heir) && existsSync(`${root}/${heir}/company.json`)) continue;
    collect.problems.push({
      file: `${company.name}/company.json`,
      line: lineOf(root, `${company.name}/company.json`, ['merged_into']),
      message: `merged_into: ${heir} is no active company.`,
      remedy: `Name one of ${[...cards.values()]
        .filter((c) => c.status === 'active')
        .map((c) => c.name)
        .join(', ')}.`,
    });
  }
  return { companies, cards, shared, problems: collect.problems, kept };
}

/** The folders that are companies: not _shared or _schema, and not hidden. */
function companyFolders(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((e) => (e.isDirectory() || e.isSymbolicLink()) && !/^[._]/.test(e.name))
    .map((e) => e.name)
    .sort();
}

function readShared(
  root: string,
  collect: Collector,
  before: Shared | undefined,
  texts: GoodTexts | undefined,
): Shared | undefined {
  const one = <S extends z.ZodType>(name: string, schema: S, last: z.output<S> | undefined) => {
    const file = `_shared/${name}`;
    const text = collect.read(() => readSource(root, file));
    const good = text === undefined ? undefined : collect.read(() => parseSource(text, file, schema));
    if (text !== undefined && good !== undefined) texts?.put(name, text);
    if (good !== undefined || last !== undefined) return good ?? last;
    const kept = texts?.get(name);
    // What an older version kept may not fit any more; then there is nothing to go on with.
    return kept === undefined ? undefined : new Collector().read(() => parseSource(kept, file, schema));
  };
  const folder = (name: string, kind: 'blueprint' | 'workflow', last: Shared['blueprints'] | undefined) =>
    checkedBlueprints(readBlueprints(root, `_shared/${name}`, collect, kind), collect, (file) =>
      [...(last?.values() ?? [])].find((b) => b.file === file),
    );
  const routing = one('routing.yaml', routingSchema, before?.routing);
  const safety = one('safety.yaml', safetySchema, before?.safety);
  const tiers = one('tiers.yaml', tiersSchema, before?.tiers);
  const fleet = one('fleet.yaml', fleetSchema, before?.fleet);
  const providers = one('providers.yaml', providersSchema, before?.providers);
  const mcp = one('mcp.json', mcpBaseSchema, before?.mcp);
  const prices = one('prices.yaml', pricesSchema, before?.prices);
  const blueprints = folder('blueprints', 'blueprint', before?.blueprints);
  const workflows = folder('workflows', 'workflow', before?.workflows);
  const read = readSkills(root, '_shared/skills', collect);
  // A skill half saved is not a skill taken away.
  const broken = (name: string) => collect.problems.some((p) => p.file.startsWith(`_shared/skills/${name}/`));
  const kept = (before?.skills ?? []).filter((s) => broken(s.name) && !read.some((r) => r.name === s.name));
  const skills = [...read, ...kept].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (!(routing && safety && tiers && fleet && providers && mcp && prices)) return undefined;
  return { routing, safety, tiers, fleet, providers, mcp, prices, blueprints, workflows, skills };
}

/** Takes out what does not resolve, names it, and puts the last good version of every file with a problem in its place. */
function checkedBlueprints(
  all: Map<string, BlueprintFile>,
  collect: Collector,
  last: (file: string) => BlueprintFile | undefined,
): Map<string, BlueprintFile> {
  const good = new Map(all);
  for (const [name, file] of all) {
    if (collect.read(() => resolveBlueprint(file, lookUp(all, all))) === undefined) good.delete(name);
  }
  for (const { file } of collect.problems) {
    const kept = last(file);
    if (kept) good.set(kept.blueprint.name, kept);
  }
  return good;
}

/** What only shows when the company's files meet each other and the shared ones. */
function checkTogether(root: string, company: Company, shared: Shared, collect: Collector): void {
  for (const file of company.blueprints.values())
    collect.read(() => resolveBlueprint(file, lookUp(company.blueprints, shared.blueprints)));
  const file = `${company.name}/config/mcp.json`;
  const { problems } = resolveMcp(shared.mcp, company.mcp, file, (place) => lineOf(root, file, place));
  collect.problems.push(...problems);
}
