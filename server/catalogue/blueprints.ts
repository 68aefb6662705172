import { type Blueprint, blueprintSchema, variableValue } from '#server/domain/blueprint.ts';
import { listed } from './folder.ts';
import { CatalogueError, type Collector, lineAt, lineOf, parseSource, readSource, sha256 } from './source.ts';

const MAX_EXTENDS = 8;

/** A blueprint as it stands in its file, before `extends` is folded in. */
export interface BlueprintFile {
  file: string;
  blueprint: Blueprint;
  /** Its text, for the line of what only shows when blueprints are folded together. */
  text: string;
}

/** A blueprint ready to be run, the version it is known by, and where each piece came from. */
export interface ResolvedBlueprint {
  blueprint: Blueprint;
  hash: string;
  /** The files it is made of, the named one first. */
  files: string[];
  /** Step key -> the file that says it. */
  stepFiles: Record<string, string>;
  /** Variable -> the file whose value counts. */
  variableFiles: Record<string, string>;
}

/** All blueprints of one folder, by name; the file is named like the blueprint. */
export function readBlueprints(
  root: string,
  folder: string,
  collect: Collector,
  kind: Blueprint['kind'] = 'blueprint',
): Map<string, BlueprintFile> {
  const found = new Map<string, BlueprintFile>();
  for (const entry of listed(root, folder, collect)) {
    const read = collect.read(() => readBlueprint(root, folder, entry, kind));
    if (read) found.set(read.blueprint.name, read);
  }
  return found;
}

function readBlueprint(root: string, folder: string, entry: string, kind: Blueprint['kind']): BlueprintFile {
  const file = `${folder}/${entry}`;
  const wrong = (key: string, message: string, remedy: string) =>
    new CatalogueError({ file, line: lineOf(root, file, [key]), message, remedy });
  if (!entry.endsWith('.yaml')) {
    const message = `${entry} is no blueprint: a blueprint ends in .yaml.`;
    throw new CatalogueError({ file, line: 1, message, remedy: 'Rename it, or take it out of this folder.' });
  }
  const text = readSource(root, file);
  const blueprint = parseSource(text, file, blueprintSchema);
  if (`${blueprint.name}.yaml` !== entry) {
    const remedy = `Write name: ${entry.replace(/\.yaml$/, '')}, or rename the file.`;
    throw wrong('name', `name: is ${blueprint.name}, but the file is ${entry}.`, remedy);
  }
  if (blueprint.kind !== kind)
    throw wrong(
      'kind',
      `kind: is ${blueprint.kind}, but this folder holds ${kind}s.`,
      `Write kind: ${kind}.`,
    );
  const keys = blueprint.steps.map((s) => s.key);
  const twice = keys.findIndex((key, n) => keys.indexOf(key) !== n);
  if (twice >= 0) {
    const line = lineOf(root, file, ['steps', twice]);
    const message = `The step ${keys[twice]} is here twice.`;
    throw new CatalogueError({ file, line, message, remedy: 'Give one of the two another key.' });
  }
  return { file, blueprint, text };
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
  const line = lineage(start, find);
  const own = start.blueprint;
  const steps = new Map<string, Blueprint['steps'][number]>();
  const stepFiles: Record<string, string> = {};
  const variableFiles: Record<string, string> = {};
  let variables: Blueprint['variables'] = {};
  for (const { blueprint, file } of [...line].reverse()) {
    for (const step of blueprint.steps) {
      steps.set(step.key, step);
      stepFiles[step.key] = file;
    }
    for (const name of Object.keys(blueprint.variables)) variableFiles[name] = file;
    variables = { ...variables, ...blueprint.variables };
  }
  const limit = (key: 'max_iterations' | 'max_suggestions') =>
    line.map((f) => f.blueprint[key]).find((v) => v !== undefined);
  if (steps.size === 0) throw wrong(start, 'has no steps', 'Add steps, or extend a blueprint that has some.');
  const inherit = <K extends 'stages' | 'triggers'>(key: K): Blueprint[K] =>
    line.map((f) => f.blueprint[key]).find((v) => v.length > 0) ?? own[key];
  const filled = JSON.parse(
    JSON.stringify([...steps.values()]).replace(/\$\{([a-z][a-z0-9_]*)\}/gi, (_whole, key: string) => {
      const value = Object.hasOwn(variables, key) ? variables[key] : undefined;
      if (value === undefined)
        throw wrong(
          start,
          `uses \${${key}}, which no blueprint of its line defines`,
          `Add ${key} to variables, or use one of ${Object.keys(variables).join(', ') || 'none'}.`,
          `\${${key}}`,
        );
      return JSON.stringify(variableValue(value)).slice(1, -1);
    }),
  ) as Blueprint['steps'];
  const { extends: _folded, ...rest } = own;
  const blueprint = blueprintSchema.parse({
    ...rest,
    stages: inherit('stages'),
    triggers: inherit('triggers'),
    ...(own.kind === 'workflow'
      ? { max_iterations: limit('max_iterations'), max_suggestions: limit('max_suggestions') }
      : {}),
    variables,
    steps: filled,
  });
  const hash = sha256(JSON.stringify(blueprint));
  return { blueprint, hash, files: line.map((f) => f.file), stepFiles, variableFiles };
}

/** A blueprint of the company by that name, unless it is the one that asks; else the shared one. */
export const lookUp =
  (own: Map<string, BlueprintFile>, below: Map<string, BlueprintFile>) =>
  (name: string, after: BlueprintFile): BlueprintFile | undefined => {
    const mine = own.get(name);
    return mine && mine !== after ? mine : below.get(name);
  };

/** The blueprint, its parent, and so on. */
function lineage(
  start: BlueprintFile,
  find: (name: string, after: BlueprintFile) => BlueprintFile | undefined,
): BlueprintFile[] {
  const line: BlueprintFile[] = [start];
  for (let at = start; at.blueprint.extends; ) {
    const parent = find(at.blueprint.extends, at);
    if (!parent)
      throw wrong(
        at,
        `extends ${at.blueprint.extends}, which is not there`,
        'Correct the name, or write that blueprint.',
      );
    const before = line.indexOf(parent);
    if (before >= 0) {
      const ring = [...line.slice(before), parent].map((f) => f.blueprint.name).join(' -> ');
      throw wrong(at, `extends itself in a ring: ${ring}`, `Take the extends out of one of them.`);
    }
    if (line.push(parent) > MAX_EXTENDS)
      throw wrong(start, `extends more than ${MAX_EXTENDS} blueprints`, 'Put some of them together.');
    at = parent;
  }
  return line;
}

function wrong(at: BlueprintFile, message: string, remedy: string, near = '\nextends:'): CatalogueError {
  const offset = at.text.indexOf(near);
  return new CatalogueError({
    file: at.file,
    line: offset < 0 ? 1 : lineAt(at.text, offset + 1),
    message: `Blueprint ${at.blueprint.name} ${message}.`,
    remedy,
  });
}
