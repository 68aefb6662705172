import type { BlueprintStep } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { CommandResult } from '#server/domain/seams.ts';
import type { StepContext } from './context.ts';
import { runProcess } from './sandbox/process.ts';

/** Runs a command where the role may: builders in the worktree, everybody else in a copy that is thrown away. */
export async function runCommand(
  c: StepContext,
  step: BlueprintStep,
  argv: string[],
  seconds: number,
  outputBytes: number,
  root?: string,
): Promise<CommandResult> {
  if (!c.config.sandbox.isolates && !c.work.project.isSample && !c.work.project.unsandboxedAllowed) {
    throw new AlaiError('SANDBOX_MISSING', 'there is no sandbox on this machine', c.config.sandbox.note);
  }
  const where = root ?? (step.role === 'builder' ? c.workspace.root : await c.workspace.scratch());
  const result = await runProcess({
    argv,
    root: where,
    seconds,
    outputBytes,
    network: step.network,
    sandbox: c.config.sandbox,
    hostDir: c.config.hostDir,
    attempt: c.work.attemptId,
    signal: c.signal,
  });
  c.ports.progress();
  c.gathered.commands.push({
    stepKey: step.key,
    argv,
    exitCode: result.exitCode,
    ms: result.ms,
    output: result.output,
    sandboxed: result.sandboxed,
  });
  return result;
}
