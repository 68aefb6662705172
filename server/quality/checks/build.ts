import { parseAllDocuments } from 'yaml';
import { block, type Check, lines, notApplicable, pass } from './check.ts';
import { isJavaScript } from './files.ts';
import { parseJavaScript } from './javascript.ts';
import { missingModules, readPackage } from './project.ts';
import { readRegular } from './read.ts';

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
  const broken: string[] = [];
  let parsed = 0;
  for (const { path } of changes.filter((c) => c.status !== 'D')) {
    const parse = parserOf(path);
    const text = parse ? await readRegular(root, path) : null;
    if (!parse || text === null) continue;
    parsed++;
    try {
      parse(text, path);
    } catch (e) {
      broken.push(`${path}: ${(e as Error).message.split('\n')[0]}`);
    }
  }
  if (parsed === 0) return notApplicable('No build script, and no changed file that can be parsed.');
  if (broken.length > 0) return block(`${broken.length} changed file(s) do not parse`, lines(broken));
  return pass(`No build script; ${parsed} changed file(s) parse`);
};

/** Settings of editors and compilers: JSON in which comments and a last comma are allowed. */
const WITH_COMMENTS =
  /(?:^|\/)(?:[tj]sconfig[^/]*\.json|\.vscode\/[^/]+\.json|\.devcontainer\/.*\.json|devcontainer\.json|\.eslintrc(?:\.json)?|[^/]+\.(?:jsonc|code-workspace))$/;
/** Charts are texts from which YAML is made. */
const TEMPLATE = /(?:^|\/)templates\//;

function parserOf(path: string): ((text: string, path: string) => unknown) | null {
  if (isJavaScript(path)) return parseJavaScript;
  if (WITH_COMMENTS.test(path)) return (text) => JSON.parse(withoutComments(text));
  if (path.endsWith('.json')) return (text) => JSON.parse(text.replace(/^\uFEFF/, ''));
  if (/\.ya?ml$/.test(path) && !TEMPLATE.test(path)) return parseYaml;
  return null;
}

function parseYaml(text: string): void {
  for (const document of parseAllDocuments(text)) {
    const [error] = 'errors' in document ? document.errors : [];
    if (error) throw error;
  }
}

function withoutComments(text: string): string {
  const bare = text
    .replace(/^\uFEFF/, '')
    .replace(/("(?:\\.|[^"\\\n])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string?: string) => string ?? ' ');
  return bare.replace(/("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? '');
}
