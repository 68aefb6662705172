import type { CheckInput, CommandResult } from '#server/domain/seams.ts';
import { type NoRunner, parsePackage, type TestRunner, testRunner } from './project.ts';

const SECONDS = 600;

/** The whole suite in a clean worktree, or the reason why it cannot run there. */
export type Suite = { runner: TestRunner; result: CommandResult } | NoRunner;

const ran = new WeakMap<CheckInput, Promise<Suite>>();
const lost = new WeakMap<CheckInput, Promise<string | null>>();

/** Runs the suite on the tree alone, in a fresh folder; both checks that look at it share one run. */
export function suiteInClean(input: CheckInput): Promise<Suite> {
  return once(ran, input, async (): Promise<Suite> => {
    const clean = await input.clean();
    const runner = await testRunner(clean.root);
    if ('none' in runner) return runner;
    return { runner, result: await clean.run(runner.all, SECONDS) };
  });
}

const MANIFEST = /(?:^|\/)(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|\.npmrc|node_modules)$/;

/**
 * Why the tests cannot run any more although they could before this change touched the packages; null otherwise. Work
 * that keeps its own tests from running would be judged by fewer checks.
 */
export function testsLost(input: CheckInput, none: string): Promise<string | null> {
  return once(lost, input, async () => {
    if (input.reverts || !input.changes.some((c) => MANIFEST.test(c.path))) return null;
    const was = parsePackage((await input.before('package.json')) ?? '');
    if (!was?.scripts.test) return null;
    const before = await testRunner((await input.beforeWith([])).root);
    return 'none' in before ? null : `The tests could run before this change, and now they cannot: ${none}`;
  });
}

function once<T>(
  known: WeakMap<CheckInput, Promise<T>>,
  input: CheckInput,
  make: () => Promise<T>,
): Promise<T> {
  const made = known.get(input) ?? make();
  known.set(input, made);
  return made;
}

/** How a run ended, in words. */
export const ending = (r: CommandResult): string =>
  r.timedOut ? `stopped after ${SECONDS} s` : `exit ${r.exitCode}`;
