import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { block, type Check, lines, notApplicable, pass } from './check.ts';
import { isJavaScript } from './files.ts';
import { parseJavaScript } from './javascript.ts';
import { missingModules, readPackage } from './project.ts';

const BUILD_SECONDS = 600;

/** 4: the project's build runs; where it has none, every changed source file at least parses. */
export const build: Check = async ({ root, changes, run }) => {
  const json = await readPackage(root);
  if (json?.scripts.build && changes.length > 0) {
    const missing = await missingModules(root, json);
    if (missing) return notApplicable(missing);
    const command = ['npm', 'run', 'build'];
    const r = await run(command, BUILD_SECONDS);
    if (r.exitCode === 0) return { ...pass('npm run build: exit 0', r.output), command };
    return { ...block(`npm run build: ${r.timedOut ? 'stopped' : `exit ${r.exitCode}`}`, r.output), command };
  }
  const there = changes.filter((c) => c.status !== 'D' && parserOf(c.path) !== null);
  if (there.length === 0) return notApplicable('No build script, and no changed file that can be parsed.');
  const broken: string[] = [];
  for (const { path } of there) {
    try {
      parserOf(path)?.(await readFile(join(root, path), 'utf8'), path);
    } catch (e) {
      broken.push(`${path}: ${(e as Error).message.split('\n')[0]}`);
    }
  }
  if (broken.length > 0) return block(`${broken.length} changed file(s) do not parse`, lines(broken));
  return pass(`No build script; ${there.length} changed file(s) parse`);
};

function parserOf(path: string): ((text: string, path: string) => unknown) | null {
  if (isJavaScript(path)) return parseJavaScript;
  if (path.endsWith('.json')) return (text) => JSON.parse(text);
  if (/\.ya?ml$/.test(path)) return (text) => parseYaml(text, { maxAliasCount: 100 });
  return null;
}
