import { block, type Check, lines, notApplicable, pass, READ_ONLY } from './check.ts';

/** 2: every changed path is one this task may change. */
export const paths: Check = async ({ writes, changes, outside }) => {
  if (!writes) {
    if (changes.length === 0) return notApplicable(READ_ONLY);
    return block('A read-only task changed files.', lines(changes.map((c) => c.path)));
  }
  const wrong = changes.map((c) => outside(c.path)).filter((why) => why !== null);
  if (wrong.length > 0)
    return block(`${wrong.length} path(s) outside of what this task may change: ${wrong[0]}`, lines(wrong));
  return pass(`${changes.length} path(s), all allowed`);
};
