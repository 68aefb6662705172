import { z } from 'zod';
import { capabilityOfCommand } from '#server/domain/capabilities.ts';
import { permit } from '../permission.ts';
import { defineTool, refused } from './tool.ts';

const MAX_SECONDS = 600;

export const run = defineTool({
  description:
    'Run a command in the repository: a list of the program and its arguments, no shell. E.g. ["npm", "test"].',
  schema: z.object({
    command: z.union([z.array(z.string()).min(1).max(100), z.string().min(1).max(2_000)]),
    seconds: z.number().positive().max(MAX_SECONDS).default(120),
  }),
  async run({ command, seconds }, c) {
    const argv = toArgv(command);
    permit(c, capabilityOfCommand(argv), argv.join(' '));
    const r = await c.run(argv, seconds);
    const end = r.stopped
      ? `stopped: ${r.stopped}`
      : r.timedOut
        ? `stopped after ${seconds} s`
        : `exit ${r.exitCode}`;
    return { ok: r.exitCode === 0, output: `${end}\n${r.output}`.trimEnd(), exitCode: r.exitCode };
  },
});

/** Models often write the command as one string; it is split at blanks, and anything a shell would act on is refused. */
function toArgv(command: string | string[]): string[] {
  if (typeof command !== 'string') {
    if (command.some((a) => a.includes('\0'))) refused('a NUL character in the command');
    if (command.length === 1 && /\s/.test(command[0] ?? '')) return toArgv(command[0] ?? '');
    return command;
  }
  if (/[|&;<>`$(){}\n\0\\]/.test(command)) {
    refused(
      'there is no shell here: no pipes, redirections or variables',
      'Give the program and its arguments as a list.',
    );
  }
  const parts = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
  if (parts.length === 0) refused('the command is empty');
  return parts;
}
