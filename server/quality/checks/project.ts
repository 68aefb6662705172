import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CheckInput } from '#server/domain/seams.ts';
import { readRegular } from './read.ts';

/** How a project is built and tested, read from its own files. */

const names = z.record(z.string(), z.string()).catch({});
const packageSchema = z.object({
  scripts: names,
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
});
export type Package = z.infer<typeof packageSchema>;

/** package.json of a folder, or null; wrong parts of it read as empty. */
export async function readPackage(root: string): Promise<Package | null> {
  const text = await readRegular(root, 'package.json');
  return text === null ? null : parsePackage(text);
}

export function parsePackage(text: string): Package | null {
  try {
    return packageSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export const exists = async (root: string, path: string): Promise<boolean> =>
  (await lstat(join(root, path)).catch(() => null)) !== null;

export interface TestRunner {
  /** Runs everything. */
  all: string[];
  /** Runs these files alone; null when the runner cannot be told. */
  only: ((files: string[]) => string[]) | null;
}

/** Why nothing can be run. `unable`: there are tests, and this machine could not run them. */
export interface NoRunner {
  none: string;
  unable?: boolean;
}

/** The project's test runner, or the reason why there is none here. */
export async function testRunner(root: string): Promise<TestRunner | NoRunner> {
  const json = await readPackage(root);
  if (json) {
    const script = json.scripts.test;
    if (!script || script.includes('no test specified')) return { none: 'package.json has no test script.' };
    const missing = await missingModules(root, json);
    if (missing) return { none: missing, unable: true };
    return { all: ['npm', 'test'], only: runnerOf(script) };
  }
  if ((await exists(root, 'pyproject.toml')) || (await exists(root, 'pytest.ini'))) {
    const pytest = ['python3', '-m', 'pytest', '-q'];
    return { all: pytest, only: (files) => [...pytest, ...files] };
  }
  if (await exists(root, 'go.mod')) return { all: ['go', 'test', './...'], only: null };
  if (await exists(root, 'Cargo.toml')) return { all: ['cargo', 'test', '--offline'], only: null };
  return {
    none: 'The project names no way to test it (no package.json, pyproject.toml, go.mod or Cargo.toml).',
  };
}

function runnerOf(script: string): TestRunner['only'] {
  if (/\bnode\b.*--test\b/.test(script)) return (files) => [...nodeTest(script), ...files];
  if (/\bvitest\b/.test(script)) return (files) => ['npx', '--no-install', 'vitest', 'run', ...files];
  if (/\bjest\b/.test(script)) return (files) => ['npx', '--no-install', 'jest', ...files];
  if (/\bmocha\b/.test(script)) return (files) => ['npx', '--no-install', 'mocha', ...files];
  return null;
}

const WITH_VALUE = /^(?:--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--env-file)$/;

/** `node --test` with the options of the script and without its files. */
function nodeTest(script: string): string[] {
  const words = script.split(/\s+/);
  const from = words.indexOf('node');
  if (from < 0 || /[&|;<>$`'"\\]/.test(script)) return ['node', '--test'];
  const options = words
    .slice(from + 1)
    .filter((w, i, all) => w.startsWith('-') || WITH_VALUE.test(all[i - 1] ?? ''));
  return ['node', ...options];
}

/** Scripts that say whether work is good: whoever changes them judges himself. */
export const TYPE_SCRIPTS = ['typecheck', 'type-check', 'types', 'tsc'];
export const LINT_SCRIPTS = ['lint', 'check'];
const JUDGES = ['test', 'build', ...LINT_SCRIPTS, ...TYPE_SCRIPTS];

/** Judging scripts that were there before and read otherwise now, with both texts; new ones are no change. */
export async function changedScripts({
  root,
  changes,
  before,
}: Pick<CheckInput, 'root' | 'changes' | 'before'>): Promise<string[]> {
  const out: string[] = [];
  for (const { path } of changes.filter((c) => /(?:^|\/)package\.json$/.test(c.path))) {
    const was = parsePackage((await before(path)) ?? '')?.scripts ?? {};
    const text = await readRegular(root, path);
    // A folder that goes away takes its scripts with it; at the root nobody would be left to judge.
    if (text === null && path !== 'package.json') continue;
    const now = parsePackage(text ?? '')?.scripts ?? {};
    for (const name of JUDGES) {
      const old = was[name];
      if (old === undefined || old.includes('no test specified') || old === now[name]) continue;
      out.push(`${path}: ${name} was "${old}" and is ${now[name] === undefined ? 'gone' : `"${now[name]}"`}`);
    }
  }
  return out;
}

/** Why a script of package.json cannot run here, or null. */
export async function missingModules(root: string, json: Package): Promise<string | null> {
  const needed = Object.keys({ ...json.dependencies, ...json.devDependencies }).length;
  if (needed === 0 || (await exists(root, 'node_modules'))) return null;
  const what =
    needed === 1 ? 'The dependency of package.json is' : `The ${needed} dependencies of package.json are`;
  return `${what} not installed in the worktree. Commit a package-lock.json, and the factory installs them.`;
}
