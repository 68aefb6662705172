import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
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
  const json = await readFile(join(root, 'package.json'), 'utf8')
    .then((text) => packageSchema.safeParse(JSON.parse(text)))
    .catch(() => null);
  if (!json?.success) return null;
  const { scripts, dependencies, devDependencies } = json.data;
  if (isNpmTest(argv) && (!scripts.test || scripts.test.includes('no test specified'))) {
    return 'package.json has no test script';
  }
  const needed = Object.keys({ ...dependencies, ...devDependencies }).length;
  if (needed > 0 && !(await lstat(join(root, 'node_modules')).catch(() => null))) {
    return `the ${needed} dependencies of package.json are not installed in the worktree, and the network is denied`;
  }
  return null;
}

const names = z.record(z.string(), z.string()).catch({});
const packageSchema = z.object({ scripts: names, dependencies: names, devDependencies: names });
