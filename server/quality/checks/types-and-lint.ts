import { block, type Check, fail, notApplicable, pass } from './check.ts';
import { isCode, isTestSupport } from './files.ts';
import { exists, LINT_SCRIPTS, missingModules, readPackage, TYPE_SCRIPTS } from './project.ts';

const SECONDS = 300;

/** 8: the project's own type check and linter, where it has them. */
export const typesAndLint: Check = async ({ root, changes, run }) => {
  const json = await readPackage(root);
  if (!json)
    return notApplicable('The project has no package.json that would name a type check or a linter.');
  if (!changes.some((c) => isCode(c.path) || isTestSupport(c.path))) return notApplicable('No code changed.');
  const scripts = [TYPE_SCRIPTS, LINT_SCRIPTS]
    .map((known) => known.find((s) => json.scripts[s]))
    .filter((s) => s !== undefined);
  const commands = scripts.map((s) => ['npm', 'run', s]);
  if (!scripts.some((s) => TYPE_SCRIPTS.includes(s)) && (await exists(root, 'tsconfig.json')))
    if (await exists(root, 'node_modules/.bin/tsc'))
      commands.unshift(['npx', '--no-install', 'tsc', '--noEmit']);
  if (commands.length === 0) return notApplicable('package.json names no type check and no linter.');
  const missing = await missingModules(root, json);
  if (missing) return notApplicable(missing);
  const outputs: string[] = [];
  for (const command of commands) {
    const r = await run(command, SECONDS);
    outputs.push(`$ ${command.join(' ')}\n${r.output}`);
    if (r.exitCode === 0) continue;
    const text = `${command.join(' ')}: ${r.timedOut ? 'stopped' : `exit ${r.exitCode}`}`;
    const lint = LINT_SCRIPTS.includes(command[2] ?? '');
    return { ...(lint ? fail(text, outputs.join('\n')) : block(text, outputs.join('\n'))), command };
  }
  return {
    ...pass(`${commands.map((c) => c.join(' ')).join(' and ')}: exit 0`, outputs.join('\n')),
    command: commands[0] ?? null,
  };
};
