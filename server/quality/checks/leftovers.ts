import { block, type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isCode, isDocs } from './files.ts';

const CONFLICT = /^(?:<{7}|>{7}|\|{7})(?: |$)|^={7}$/;
const DEBUG = [
  /\bdebugger\s*;?\s*$/,
  /\bconsole\.(?:debug|trace|dir|table)\(/,
  /\bconsole\.log\(\s*['"`](?:debug|here|xxx|test|foo|>>>|---)/i,
  /\b(?:var_dump|print_r|dd|breakpoint)\s*\(/,
  /\b(?:binding\.pry|byebug|pdb\.set_trace)\b/,
];

/** 11: no conflict markers (they stop the work), no debug output left behind. */
export const leftovers: Check = async ({ writes, addedLines }) => {
  if (!writes) return notApplicable(READ_ONLY);
  const at = (l: { file: string; line: number; text: string }) =>
    `${l.file}:${l.line}: ${l.text.trim().slice(0, 160)}`;
  // A row of equal signs alone underlines a heading in prose.
  const conflict = addedLines.filter(
    (l) => CONFLICT.test(l.text) && !(l.text.startsWith('=') && isDocs(l.file)),
  );
  if (conflict.length > 0) return block('Conflict markers were left in', lines(conflict.map(at)));
  const debug = addedLines.filter((l) => isCode(l.file) && DEBUG.some((d) => d.test(l.text)));
  if (debug.length > 0) return fail(`${debug.length} debug leftover(s)`, lines(debug.map(at)));
  return pass(`${addedLines.length} added line(s) looked at`);
};
