import { type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isGenerated } from './files.ts';

/** More than this in one change is not reviewed, only skimmed. Generated files do not count. */
const MAX_LINES = 2_500;
const MAX_FILES = 80;

/** 1: something changed, and no more than a reviewer can read. */
export const size: Check = async ({ writes, changes, stage }) => {
  if (!writes) return notApplicable(READ_ONLY);
  if (changes.length === 0 && (stage === 'OPS' || stage === 'DOCS'))
    return notApplicable('What is there already serves; OPS and DOCS need not change anything.');
  if (changes.length === 0)
    return fail(
      'Nothing changed. If there is nothing to do, say so in the report and ask for the task to be closed.',
    );
  const read = changes.filter((c) => !isGenerated(c.path));
  const added = read.reduce((n, c) => n + c.added + c.removed, 0);
  const list = lines(changes.map((c) => `${c.status} ${c.path} +${c.added} -${c.removed}`));
  const said = `${changes.length} file(s), ${added} lines`;
  if (read.length > MAX_FILES || added > MAX_LINES)
    return fail(`${said}: more than ${MAX_FILES} files or ${MAX_LINES} lines. Do less in one task.`, list);
  return pass(said, list);
};
