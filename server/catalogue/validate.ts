import { statSync } from 'node:fs';
import { AlaiError } from '#server/domain/errors.ts';
import { pipelines } from '#server/domain/pipelines.ts';
import { priceRowOf } from '#server/domain/prices.ts';
import { isLocalProvider } from '#server/domain/providers.ts';
import { type Files, readFiles } from './files.ts';
import { CatalogueError, lineOf, type Problem } from './source.ts';

export interface Validation {
  /** What was read and is good, to be said when nothing is wrong. */
  counts: { companies: number; skills: number; blueprints: number; workflows: number };
  problems: Problem[];
}

/**
 * Reads a folder of companies as the factory would, and looks further than it: every name in routing, stages, tiers and
 * workflows must lead somewhere. Nothing is cached and nothing is kept from before.
 */
export function validateFolder(folder: string): Validation {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new AlaiError('NOT_FOUND', `There is no folder ${folder}.`, 'Name a folder with --dir.');
  let files: Files;
  try {
    files = readFiles(folder);
  } catch (e) {
    if (!(e instanceof CatalogueError)) throw e;
    return { counts: none, problems: told(e.problems) };
  }
  const { companies, shared } = files;
  const blueprints = [...companies.values()].reduce((n, c) => n + c.blueprints.size, shared.blueprints.size);
  const skills = [...companies.values()].reduce((n, c) => n + c.skills.length, shared.skills.length);
  const counts = { companies: companies.size, skills, blueprints, workflows: shared.workflows.size };
  return { counts, problems: told([...files.problems, ...crossReferences(folder, files)]) };
}

const none = { companies: 0, skills: 0, blueprints: 0, workflows: 0 };
const told = (problems: readonly Problem[]) => problems.map((p) => ({ ...p, file: `companies/${p.file}` }));

function crossReferences(root: string, files: Files): Problem[] {
  return [
    ...routingReferences(root, files),
    ...tierReferences(root, files),
    ...workflowReferences(root, files),
  ];
}

type Report = (place: (string | number)[], message: string, remedy: string) => void;
const reporter = (root: string, file: string, problems: Problem[]): Report => {
  return (place, message, remedy) =>
    problems.push({
      file,
      line: lineOf(root, file, place),
      message: `${place.join('.')}: ${message}`,
      remedy,
    });
};

function routingReferences(root: string, { cards, companies, shared }: Files): Problem[] {
  const problems: Problem[] = [];
  const wrong = reporter(root, '_shared/routing.yaml', problems);
  const { routing } = shared;
  const able = [...cards.values()].filter((c) => c.status === 'active').map((c) => c.name);
  const company = (place: (string | number)[], name: string) => {
    if (!cards.has(name)) wrong(place, `there is no company ${name}.`, `Use one of ${able.join(', ')}.`);
  };
  const blueprint = (place: (string | number)[], name: string, of?: string) => {
    const own = of ? companies.get(of)?.blueprints : undefined;
    if (own?.has(name) || shared.blueprints.has(name)) return;
    const all = [...(own?.keys() ?? []), ...shared.blueprints.keys()].sort();
    wrong(place, `there is no blueprint ${name}${of ? ` for ${of}` : ''}.`, `Use one of ${all.join(', ')}.`);
  };
  const type = (place: (string | number)[], name: string) => {
    if (!Object.hasOwn(routing.types, name))
      wrong(place, `there is no type ${name}.`, `Use one of ${Object.keys(routing.types).join(', ')}.`);
  };
  company(['default'], routing.default);
  type(['default_type'], routing.default_type);
  for (const [name, rule] of Object.entries(routing.companies)) {
    company(['companies', name], name);
    rule.blueprints.forEach((b, n) => {
      blueprint(['companies', name, 'blueprints', n, 'blueprint'], b.blueprint, name);
      b.types.forEach((t, i) => {
        type(['companies', name, 'blueprints', n, 'types', i], t);
      });
    });
  }
  routing.intents.forEach((intent, n) => {
    company(['intents', n, 'company'], intent.company);
  });
  for (const [tag, name] of Object.entries(routing.tags)) company(['tags', tag], name);
  for (const [name, t] of Object.entries(routing.types)) blueprint(['types', name, 'blueprint'], t.blueprint);
  for (const [stage, rule] of Object.entries(routing.stages))
    rule.companies.forEach((name, n) => {
      company(['stages', stage, 'companies', n], name);
      blueprint(['stages', stage, 'blueprint'], rule.blueprint, name);
    });
  return problems;
}

/**
 * Hosts and services in tiers.yaml are those of fleet.yaml and providers.yaml, and what is paid has a price: a misspelt one would
 * silently never be used, and no budget could hold the other.
 */
function tierReferences(root: string, { shared: { tiers, fleet, providers, prices } }: Files): Problem[] {
  const problems: Problem[] = [];
  const wrong = reporter(root, '_shared/tiers.yaml', problems);
  const hosts = fleet.hosts.map((h) => h.name);
  for (const [preset, { tiers: rows }] of Object.entries(tiers.presets))
    rows.forEach((row, n) => {
      const isService = row.provider === 'openai' || row.provider === 'anthropic';
      const account = row.account ?? (isService ? row.provider : undefined);
      const named = account === undefined ? undefined : providers.providers[account];
      if (account !== undefined && (!named || (isService && named.kind !== row.provider))) {
        const fit = Object.entries(providers.providers).filter(
          ([, a]) => !isService || a.kind === row.provider,
        );
        wrong(
          ['presets', preset, 'tiers', n, row.account === undefined ? 'provider' : 'account'],
          `providers.yaml has no ${account}${isService ? ` of the kind ${row.provider}` : ''}.`,
          `Use one of ${fit.map(([name]) => name).join(', ') || 'none: add it there'}.`,
        );
      }
      for (const provider of new Set(row.pipelines.map((p) => pipelines[p].provider)))
        if (
          provider !== 'human' &&
          !isLocalProvider(provider) &&
          !priceRowOf(prices, { provider, model: row.model })
        )
          wrong(
            ['presets', preset, 'tiers', n, 'model'],
            `${row.model} of ${provider} has no price in prices.yaml.`,
            'Add its price there; 0 says that it is free. Without one it is not called.',
          );
      row.hosts.forEach((host, i) => {
        if (!hosts.includes(host))
          wrong(
            ['presets', preset, 'tiers', n, 'hosts', i],
            `there is no host ${host}.`,
            `Use one of ${hosts.join(', ')}.`,
          );
      });
    });
  return problems;
}

function workflowReferences(root: string, { cards, shared }: Files): Problem[] {
  const problems: Problem[] = [];
  for (const workflow of shared.workflows.values()) {
    const wrong = reporter(root, workflow.file, problems);
    workflow.blueprint.steps.forEach((step, n) => {
      const named = [step.agent, ...(step.fallback ?? [])];
      if (!step.agent)
        wrong(['steps', n], 'names no agent.', 'Add agent: a company, Company/role or tier:1 to tier:5.');
      for (const agent of named) {
        const [company, role] = agent?.split('/') ?? [];
        if (!company || company.startsWith('tier:')) continue;
        if (!cards.has(company))
          wrong(
            ['steps', n, 'agent'],
            `there is no company ${company}.`,
            `Use one of ${[...cards.keys()].join(', ')}.`,
          );
        if (role && role !== step.role)
          wrong(
            ['steps', n, 'agent'],
            `is a ${role}, but the step is for a ${step.role}.`,
            `Write ${company}/${step.role}.`,
          );
      }
    });
  }
  return problems;
}
