import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { missingModules, readPackage } from '../checks/project.ts';
import type { GateOf } from './gate.ts';

/** A command ends with exit code 0. Where it cannot apply, it says so instead of passing silently. */
export const command: GateOf<'command'> = async (spec, { root, run }) => {
  const shown = spec.command.join(' ');
  const skip = (skipped: string) => ({
    ok: true,
    skipped,
    detail: '',
    command: spec.command,
    exitCode: null,
    output: '',
  });
  if (spec.ifFile && !(await lstat(join(root, spec.ifFile)).catch(() => null))) {
    return skip(`there is no ${spec.ifFile}`);
  }
  if (spec.command[0] === 'npm') {
    const why = await npmCannotRun(root, spec.command);
    if (why) return skip(why);
  }
  const r = await run(spec.command, spec.seconds);
  const ok = r.exitCode === 0;
  const detail = ok
    ? `${shown}: exit 0`
    : r.timedOut
      ? `${shown}: stopped after ${spec.seconds} s`
      : `${shown}: exit ${r.exitCode}`;
  return { ok, detail, command: spec.command, exitCode: r.exitCode, output: r.output };
};

const isNpmTest = (argv: string[]) =>
  argv[0] === 'npm' && (argv[1] === 'test' || argv[1] === 't' || (argv[1] === 'run' && argv[2] === 'test'));

/** Why npm has nothing to run here, or null. Its own stub counts as no script: it fails where nobody wrote a test. */
async function npmCannotRun(root: string, argv: string[]): Promise<string | null> {
  const json = await readPackage(root);
  if (!json) return null;
  const { test } = json.scripts;
  if (isNpmTest(argv) && (!test || test.includes('no test specified')))
    return 'package.json has no test script';
  return await missingModules(root, json);
}
