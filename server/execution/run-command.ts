import type { BlueprintStep } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { readOnlyReason, type StepRules } from '#server/domain/role-rules.ts';
import type { CommandResult } from '#server/domain/seams.ts';
import type { StepContext } from './context.ts';
import { packagesFor, placeFor } from './packages.ts';
import { type ProcessSpec, runProcess } from './sandbox/process.ts';
import { protectedPaths } from './sandbox/protect.ts';

/**
 * A command of the harness (a gate): builders' in the worktree, everybody else's in a copy that is thrown away, because
 * a test suite may write files of its own and a judge's tree must not change.
 */
export async function runCommand(
  c: StepContext,
  step: BlueprintStep,
  argv: string[],
  seconds: number,
  outputBytes: number,
  root?: string,
): Promise<CommandResult> {
  const where = root ?? (step.role === 'builder' ? c.workspace.root : await c.workspace.scratch());
  return start(c, step, { argv, seconds, outputBytes, root: where });
}

const READ_ONLY_NOTE =
  '(the repository is read-only for this role; write temporary files below $TMPDIR, and leave changes to the builder)';

/**
 * A command an agent asked for. Roles that may not write see the repository read-only; what a builder may not write is
 * read-only for his commands too. Without a sandbox that can do this, the former get a copy, and the finished diff tells
 * on the latter.
 */
export async function runForAgent(
  c: StepContext,
  rules: StepRules,
  step: BlueprintStep,
  argv: string[],
  seconds: number,
): Promise<CommandResult> {
  const outputBytes = step.limits.outputBytes;
  if (readOnlyReason(rules)) {
    const root = c.config.sandbox.isolates ? c.workspace.root : await c.workspace.scratch();
    const r = await start(c, step, { argv, seconds, outputBytes, root, readOnly: true });
    return r.exitCode !== 0 && /EROFS|read-only file system/i.test(r.output)
      ? { ...r, output: `${r.output.trimEnd()}\n${READ_ONLY_NOTE}` }
      : r;
  }
  const forbidden = [...rules.rules.forbiddenPaths, ...rules.paths.deny];
  const protect = c.config.sandbox.isolates ? await protectedPaths(c.workspace.root, forbidden) : [];
  return start(c, step, { argv, seconds, outputBytes, root: c.workspace.root, protect });
}

/** Makes the project's packages readable for commands in `root`; answers with where they are, or null. */
export async function preparePackages(c: StepContext, root: string): Promise<string | null> {
  const { config, workspace } = c;
  const modules = await packagesFor(root, {
    hostDir: config.hostDir,
    sandbox: config.sandbox,
    registry: config.registry,
    attempt: c.work.attemptId,
    layOut: (name) => workspace.layOutFolder(root, name),
    note: (text) => {
      // Said once per attempt, however many commands run.
      if (c.gathered.said.has(text)) return;
      c.gathered.said.add(text);
      c.transcript.add('', 'harness', { text });
    },
    signal: c.signal,
  });
  return modules && (await placeFor(root, modules, config.sandbox)) ? modules : null;
}

async function start(
  c: StepContext,
  step: BlueprintStep,
  spec: Pick<ProcessSpec, 'argv' | 'seconds' | 'outputBytes' | 'root' | 'readOnly' | 'protect'>,
): Promise<CommandResult> {
  if (!c.config.sandbox.isolates && !c.work.project.isSample && !c.work.project.unsandboxedAllowed) {
    throw new AlaiError('SANDBOX_MISSING', 'there is no sandbox on this machine', c.config.sandbox.note);
  }
  const packages = await preparePackages(c, spec.root);
  const result = await runProcess({
    ...spec,
    ...(packages ? { packages } : {}),
    network: step.network,
    sandbox: c.config.sandbox,
    hostDir: c.config.hostDir,
    attempt: c.work.attemptId,
    mask: c.mask,
    signal: c.signal,
  });
  c.ports.progress();
  c.gathered.commands.push({
    stepKey: step.key,
    argv: spec.argv,
    exitCode: result.exitCode,
    ms: result.ms,
    output: result.output,
    sandboxed: result.sandboxed,
  });
  return result;
}
