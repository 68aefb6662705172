/** `npm start`: starts what Mission Control needs on this machine, keeps it alive, and ends it cleanly. */
import path from 'node:path';
import { isAlaiError } from '#server/domain/errors.ts';
import { publicUrl, env as readEnv } from '#server/platform/env.ts';
import { createLogger } from '#server/platform/logger.ts';
import { endWhenTold } from './supervisor/ending.ts';
import { lockHome } from './supervisor/lock.ts';
import { Machine } from './supervisor/machine.ts';
import { createProgress } from './supervisor/progress.ts';
import { startMachine } from './supervisor/start.ts';

function explain(e: unknown): string {
  if (isAlaiError(e)) return `\n${e.code}: ${e.message}\n${e.hint}\n`;
  return `\n${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n`;
}

async function main(): Promise<number> {
  const root = path.dirname(import.meta.dirname);
  process.chdir(root);
  const env = readEnv();
  const lock = lockHome(env.ALAI_HOME, publicUrl(env));
  const log = createLogger('supervisor', { tty: false });
  const progress = createProgress();
  const machine = new Machine(env.ALAI_HOME, log, (text) => progress.say(text));
  const stopping = new AbortController();
  const stopped = Promise.withResolvers<string>();
  endWhenTold(process, {
    inOrder(reason) {
      stopping.abort(new Error('stopped'));
      stopped.resolve(reason);
    },
    atOnce() {
      progress.say('Ending at once.');
      machine.kill();
      lock.release();
      process.exit(1);
    },
  });

  let code = 0;
  try {
    const started = await startMachine({ root, env, log, progress, machine, signal: stopping.signal });
    progress.say(`\n  Mission Control   ${started.url}`);
    progress.say(`  Sign in once      ${started.signIn}   (15 minutes)`);
    progress.say(`\n  Stop with Ctrl-C. Data and logs: ${env.ALAI_HOME}`);
    log.info({ reason: await stopped.promise }, 'stopping');
  } catch (e) {
    if (!stopping.signal.aborted) {
      log.error({ err: e }, 'start failed');
      process.stderr.write(explain(e));
      code = 1;
    }
  }
  if (code === 0) progress.say('Stopping …');
  const began = Date.now();
  await machine.stop();
  lock.release();
  if (code === 0) progress.say(`Stopped cleanly in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
  return code;
}

try {
  process.exit(await main());
} catch (e) {
  process.stderr.write(explain(e));
  process.exit(1);
}
