import { CommanderError } from 'commander';
import { isAlaiError } from '#server/domain/errors.ts';
import { plain } from '#server/domain/plain.ts';

/** Exit codes that scripts can rely on. */
export const exits = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Ends the command with what went wrong: one JSON object with --json, words for people without. */
export function fail(e: unknown, json: boolean): never {
  if (e instanceof CommanderError) {
    // Commander has told people already; a script reads one object here too.
    if (json && e.exitCode !== 0)
      process.stdout.write(
        `${JSON.stringify({ error: { code: 'BAD_INPUT', message: e.message.replace(/^error: /, ''), hint: 'See npx alai help.' } })}\n`,
      );
    process.exit(e.exitCode === 0 ? exits.ok : exits.usage);
  }
  const known = isAlaiError(e);
  const code = known ? e.code : 'INTERNAL';
  const message = e instanceof Error ? e.message : String(e);
  const hint = known ? e.hint : '';
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  else process.stderr.write(plain(`${code}: ${message}\n${hint ? `${hint}\n` : ''}`));
  process.exit(exits.failed);
}

export const isJson = (): boolean => process.argv.includes('--json');

/**
 * One answer: JSON for scripts, words for people. The words hold text of agents and repositories, which must not drive the
 * terminal.
 */
export function print(value: unknown, words: () => string): void {
  process.stdout.write(isJson() ? `${JSON.stringify(value)}\n` : plain(`${words()}\n`));
}

/**
 * While something that goes on without this command is followed, Ctrl-C says so and leaves. Returns how to stop listening. `at` is another
 * process only in tests.
 */
export function sayOnInterrupt(
  says: () => string,
  at: Pick<NodeJS.Process, 'once' | 'removeListener' | 'exit'> = process,
): () => void {
  const leave = () => {
    process.stderr.write(plain(`\n${says()}\n`));
    at.exit(exits.interrupted);
  };
  at.once('SIGINT', leave);
  return () => {
    at.removeListener('SIGINT', leave);
  };
}
