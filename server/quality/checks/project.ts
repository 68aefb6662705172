import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

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
  const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => null);
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

/** The project's test runner, or the reason why there is none here. */
export async function testRunner(root: string): Promise<TestRunner | { none: string }> {
  const json = await readPackage(root);
  if (json) {
    const script = json.scripts.test;
    if (!script || script.includes('no test specified')) return { none: 'package.json has no test script.' };
    const missing = await missingModules(root, json);
    if (missing) return { none: missing };
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
  if (/\bnode\b.*--test\b/.test(script)) return (files) => ['node', '--test', ...files];
  if (/\bvitest\b/.test(script)) return (files) => ['npx', '--no-install', 'vitest', 'run', ...files];
  if (/\bjest\b/.test(script)) return (files) => ['npx', '--no-install', 'jest', ...files];
  if (/\bmocha\b/.test(script)) return (files) => ['npx', '--no-install', 'mocha', ...files];
  return null;
}

/** Why a script of package.json cannot run here, or null. */
export async function missingModules(root: string, json: Package): Promise<string | null> {
  const needed = Object.keys({ ...json.dependencies, ...json.devDependencies }).length;
  if (needed === 0 || (await exists(root, 'node_modules'))) return null;
  return `The ${needed} dependencies of package.json are not installed in the worktree, and the network is denied.`;
}
