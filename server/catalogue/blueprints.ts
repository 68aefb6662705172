import { type Blueprint, blueprintSchema, variableValue } from '#server/domain/blueprint.ts';
import { CatalogueError, sha256 } from './source.ts';

const MAX_EXTENDS = 8;

/** A blueprint as it stands in its file, before `extends` is folded in. */
export interface BlueprintFile {
  file: string;
  blueprint: Blueprint;
}

/** A blueprint ready to be run, and the version it is known by. */
export interface ResolvedBlueprint {
  blueprint: Blueprint;
  hash: string;
  /** Where its steps come from, the named one first. */
  files: string[];
}

/**
 * Folds `extends` in: a step with the same key replaces the parent's in its place, a new one is appended; variables of
 * the child win, and are filled into instructions and commands at last. `find` looks in the company first, then in
 * _shared; a blueprint that extends its own name means the shared one.
 */
export function resolveBlueprint(
  start: BlueprintFile,
  find: (name: string, after: BlueprintFile) => BlueprintFile | undefined,
): ResolvedBlueprint {
  const line: BlueprintFile[] = [start];
  for (let at = start; at.blueprint.extends; ) {
    const parent = find(at.blueprint.extends, at);
    if (!parent) throw wrong(at, `extends ${at.blueprint.extends}, which is not there`);
    if (line.includes(parent)) throw wrong(at, `extends itself by way of ${parent.file}`);
    if (line.push(parent) > MAX_EXTENDS) throw wrong(start, `extends more than ${MAX_EXTENDS} blueprints`);
    at = parent;
  }
  const own = start.blueprint;
  const steps = new Map<string, Blueprint['steps'][number]>();
  let variables: Blueprint['variables'] = {};
  for (const { blueprint } of [...line].reverse()) {
    for (const step of blueprint.steps) steps.set(step.key, step);
    variables = { ...variables, ...blueprint.variables };
  }
  if (steps.size === 0) throw wrong(start, 'has no steps');
  const inherit = <K extends 'stages' | 'triggers'>(key: K): Blueprint[K] =>
    line.map((f) => f.blueprint[key]).find((v) => v.length > 0) ?? own[key];
  const filled = JSON.parse(
    JSON.stringify([...steps.values()]).replace(/\$\{([a-z][a-z0-9_]*)\}/gi, (_whole, key: string) => {
      const value = variables[key];
      if (value === undefined) throw wrong(start, `uses \${${key}}, which no blueprint of its line defines`);
      return JSON.stringify(variableValue(value)).slice(1, -1);
    }),
  ) as Blueprint['steps'];
  const { extends: _folded, ...rest } = own;
  const blueprint = blueprintSchema.parse({
    ...rest,
    stages: inherit('stages'),
    triggers: inherit('triggers'),
    variables,
    steps: filled,
  });
  return { blueprint, hash: sha256(JSON.stringify(blueprint)), files: line.map((f) => f.file) };
}

function wrong(at: BlueprintFile, message: string): CatalogueError {
  return new CatalogueError({
    file: at.file,
    line: 1,
    message: `Blueprint ${at.blueprint.name} ${message}.`,
  });
}
