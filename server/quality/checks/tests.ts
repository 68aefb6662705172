import { block, type Check, notApplicable, pass } from './check.ts';
import { isDocs } from './files.ts';
import { testRunner } from './project.ts';

const TEST_SECONDS = 600;
/** The same thing by other names: `npm test`, `npm run test`, with --if-present. */
const isTestCommand = (argv: string[] | null) =>
  argv !== null && /^npm (?:t|test|run test)(?: --if-present)?$/.test(argv.join(' '));

/** 5: the project's own tests pass on exactly this tree. */
export const tests: Check = async ({ root, tree, changes, gates, run }) => {
  const runner = await testRunner(root);
  if ('none' in runner) return notApplicable(runner.none);
  const seen = gates.find((g) => isTestCommand(g.command) && g.tree === tree && g.exitCode === 0);
  if (seen)
    return {
      ...pass(
        `${seen.command?.join(' ')}: exit 0, seen by the gate after ${seen.stepKey} on this tree`,
        seen.output,
      ),
      command: seen.command,
    };
  if (changes.length > 0 && changes.every((c) => isDocs(c.path)))
    return notApplicable('Only words changed; check 19 runs the tests in a clean worktree.');
  const r = await run(runner.all, TEST_SECONDS);
  const said = runner.all.join(' ');
  if (r.exitCode === 0) return { ...pass(`${said}: exit 0`, r.output), command: runner.all };
  return {
    ...block(`${said}: ${r.timedOut ? `stopped after ${TEST_SECONDS} s` : `exit ${r.exitCode}`}`, r.output),
    command: runner.all,
  };
};
