import { block, type Check, notApplicable, pass } from './check.ts';
import { ending, suiteInClean, testsLost } from './suite.ts';

/** 19: the tree alone, in a fresh folder without anything that lay around, passes its tests again. */
export const reproducible: Check = async (input) => {
  if (input.changes.length === 0) return notApplicable('Nothing changed.');
  const suite = await suiteInClean(input);
  if ('none' in suite) {
    const why = await testsLost(input, suite.none);
    return why ? block(why) : notApplicable(suite.none);
  }
  const { runner, result } = suite;
  const said = `${runner.all.join(' ')} in a clean worktree: ${ending(result)}`;
  const answer = result.exitCode === 0 ? pass(said, result.output) : block(said, result.output);
  return { ...answer, command: runner.all };
};
