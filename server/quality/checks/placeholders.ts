import { placeholdersIn } from '../gates/no-placeholders.ts';
import { block, type Check, lines, notApplicable, pass, READ_ONLY } from './check.ts';

/** 9: nothing in the added lines stands in for work that was not done. */
export const placeholders: Check = async ({ writes, addedLines }) => {
  if (!writes) return notApplicable(READ_ONLY);
  const hits = placeholdersIn(addedLines);
  if (hits.length === 0) return pass(`${addedLines.length} added line(s) looked at`);
  return block(`Placeholder text in ${hits.length} line(s)`, lines(hits));
};
