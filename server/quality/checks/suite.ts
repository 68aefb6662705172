import type { CheckInput, CommandResult } from '#server/domain/seams.ts';
import { type TestRunner, testRunner } from './project.ts';

const SECONDS = 600;

/** The whole suite in a clean worktree, or the reason why it cannot run there. */
export type Suite = { runner: TestRunner; result: CommandResult } | { none: string };

const ran = new WeakMap<CheckInput, Promise<Suite>>();

/** Runs the suite on the tree alone, in a fresh folder; both checks that look at it share one run. */
export function suiteInClean(input: CheckInput): Promise<Suite> {
  const known = ran.get(input);
  if (known) return known;
  const run = (async (): Promise<Suite> => {
    const clean = await input.clean();
    const runner = await testRunner(clean.root);
    if ('none' in runner) return runner;
    return { runner, result: await clean.run(runner.all, SECONDS) };
  })();
  ran.set(input, run);
  return run;
}

/** How a run ended, in words. */
export const ending = (r: CommandResult): string =>
  r.timedOut ? `stopped after ${SECONDS} s` : `exit ${r.exitCode}`;
