import { block, type Check, lines, notApplicable, pass } from './check.ts';

/** 17: a trial merge into the default branch as it is now, without touching it. */
export const merge: Check = async ({ changes, stage, conflicts }) => {
  if (changes.length === 0 && stage !== 'REVIEW' && stage !== 'SECURITY')
    return notApplicable('Nothing to merge.');
  const files = await conflicts();
  if (files.length === 0) return pass('A trial merge into the default branch has no conflict');
  return block(
    `It conflicts with the default branch in ${files.length} file(s): ${files.slice(0, 3).join(', ')}`,
    lines(files),
  );
};
