import { spawn } from 'node:child_process';
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { env } from '#server/platform/env.ts';
import { RESTART } from '#workers/host/identity.ts';
import type { ProcessName } from '#workers/supervisor/processes.ts';

const root = path.dirname(import.meta.dirname);

function hostName(value: string): string {
  if (/^[a-z][a-z0-9-]{0,39}$/.test(value)) return value;
  throw new InvalidArgumentError('a host is named in lower case, as in companies/_shared/fleet.yaml');
}

/** `alai web|conductor|worker|rehearsal`: one process in the foreground, as it runs on a machine of its own. */
export function registerProcessCommands(program: Command): void {
  const alone = (name: 'web' | 'conductor' | 'rehearsal', description: string) =>
    program
      .command(name)
      .description(description)
      .action(() => runAlone(name));
  alone('web', 'start the web server alone');
  alone('conductor', 'start the conductor alone (sweep, outbox, repositories)');
  alone('rehearsal', 'start the scripted model server alone');
  program
    .command('worker')
    .description('start the worker of one host alone')
    .requiredOption('--host <name>', 'the host whose work it does', hostName)
    .action((options: { host: string }) => runAlone(`host-${options.host}`));
}

/**
 * Runs the process until it ends. What `npm start` chose on this machine (the embedded database's address, tokens,
 * ports) fills whatever the shell and .env leave open; another machine sets DATABASE_URL and the others itself.
 */
async function runAlone(name: ProcessName): Promise<void> {
  const { argumentsOf, rememberedEnvironment } = await import('#workers/supervisor/processes.ts');
  const own = env();
  const variables: NodeJS.ProcessEnv = {
    ...rememberedEnvironment(own.ALAI_HOME),
    ...process.env,
    NODE_ENV: 'production',
  };
  if (name !== 'rehearsal' && !variables.DATABASE_URL) {
    throw new AlaiError(
      'DATABASE_UNREACHABLE',
      `Nothing says where the database is: ${own.ALAI_HOME} was never started and DATABASE_URL is not set.`,
      'Run npm start once on this machine, or set DATABASE_URL in .env.',
    );
  }
  const start = () =>
    spawn(process.execPath, argumentsOf(name, own), { cwd: root, stdio: 'inherit', env: variables });
  let child = start();
  let ending = false;
  const end = () => {
    ending = true;
    child.kill('SIGTERM');
  };
  process.on('SIGINT', () => {
    ending = true; // reaches the child by itself
  });
  process.on('SIGTERM', end);
  process.on('SIGHUP', end);
  process.on('disconnect', end);
  for (;;) {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (exit, signal) => resolve(exit ?? (signal ? 1 : 0)));
    });
    // A worker that was asked to restart has nobody else who starts it again here.
    if (code !== RESTART || ending) process.exit(code);
    child = start();
  }
}
