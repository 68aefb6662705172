import { block, type Check, notApplicable, pass } from './check.ts';
import { testRunner } from './project.ts';

const SECONDS = 600;

/** 19: the tree alone, in a fresh folder without anything that lay around, passes its tests again. */
export const reproducible: Check = async ({ changes, clean }) => {
  if (changes.length === 0) return notApplicable('Nothing changed.');
  const { root, run } = await clean();
  const runner = await testRunner(root);
  if ('none' in runner) return notApplicable(runner.none);
  const r = await run(runner.all, SECONDS);
  const said = `${runner.all.join(' ')} in a clean worktree`;
  if (r.exitCode === 0) return { ...pass(`${said}: exit 0`, r.output), command: runner.all };
  return {
    ...block(`${said}: ${r.timedOut ? 'stopped' : `exit ${r.exitCode}`}`, r.output),
    command: runner.all,
  };
};
