import type { CheckInput } from '#server/domain/seams.ts';
import { type Answer, block, type Check, fail, lines, notApplicable, pass } from './check.ts';
import { changedScripts, type NoRunner, testRunner } from './project.ts';
import { ending, suiteInClean, testsLost } from './suite.ts';

/** The same thing by other names: `npm test`, `npm run test`, with --if-present. */
const isTestCommand = (argv: string[] | null) =>
  argv !== null && /^npm (?:t|test|run test)(?: --if-present)?$/.test(argv.join(' '));

/** 5: the project's own tests pass on exactly this tree. */
export const tests: Check = async (input) => {
  const scripts = input.reverts ? [] : await changedScripts(input);
  if (scripts.length > 0) return block('The test command itself was changed; ask a human.', lines(scripts));
  const runner = await testRunner(input.root);
  if ('none' in runner) {
    return await notRun(input, runner);
  }
  const seen = input.gates.find((g) => isTestCommand(g.command) && g.tree === input.tree && g.exitCode === 0);
  if (seen)
    return {
      ...pass(
        `${seen.command?.join(' ')}: exit 0, seen by the gate after ${seen.stepKey} on this tree`,
        seen.output,
      ),
      command: seen.command,
    };
  const suite = await suiteInClean(input);
  if ('none' in suite) {
    return await notRun(input, suite);
  }
  const said = `${runner.all.join(' ')}: ${ending(suite.result)}`;
  const { output } = suite.result;
  return { ...(suite.result.exitCode === 0 ? pass(said, output) : block(said, output)), command: runner.all };
};

/** Tests that are there and could not be run are no pass; a project without any is not judged by them. */
async function notRun(input: CheckInput, { none, unable }: NoRunner): Promise<Answer> {
  const why = await testsLost(input, none);
  if (why) return block(why);
  return unable ? fail(`The tests could not be run. ${none}`) : notApplicable(none);
}
