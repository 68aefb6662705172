import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  if (isNpmTest(spec.command)) {
    const script = await testScript(root);
    if (script === null) return skip('package.json has no test script');
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

/** npm's own stub counts as no script: it fails in every project that never wrote a test. */
async function testScript(root: string): Promise<string | null> {
  try {
    const json: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const script = (json as { scripts?: { test?: unknown } }).scripts?.test;
    return typeof script === 'string' && !script.includes('no test specified') ? script : null;
  } catch {
    return null;
  }
}
