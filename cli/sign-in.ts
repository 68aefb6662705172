import type { Command } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { publicUrl, env as readEnv } from '#server/platform/env.ts';
import { secrets } from '#server/platform/secrets.ts';
import { print } from './output.ts';

/** `alai sign-in`: a fresh one-time link, for whoever may read this installation's home; no restart is needed. */
export function registerSignInCommand(program: Command): void {
  program
    .command('sign-in')
    .description('print a fresh one-time sign-in link (15 minutes)')
    .action(async () => {
      const { prepareSignIn } = await import('#workers/supervisor/database.ts');
      const { rememberedEnvironment } = await import('#workers/supervisor/processes.ts');
      const env = readEnv();
      const remembered = rememberedEnvironment(env.ALAI_HOME);
      const database = env.DATABASE_URL ?? remembered.DATABASE_URL;
      if (!database)
        throw new AlaiError(
          'DATABASE_UNREACHABLE',
          `Nothing says where the database is: ${env.ALAI_HOME} was never started and DATABASE_URL is not set.`,
          'Run npm start, which prints a link itself.',
        );
      const code = await prepareSignIn(database, secrets(env).apiToken).catch((e) => {
        throw new AlaiError(
          'DATABASE_UNREACHABLE',
          `The database does not answer: ${(e as Error).message}`,
          'Start Mission Control with npm start.',
        );
      });
      const link = `${remembered.ALAI_PUBLIC_URL ?? publicUrl(env)}/sign-in#code=${code}`;
      print({ link, minutes: 15 }, () => link);
    });
}
