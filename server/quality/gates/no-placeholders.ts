import { type GateOf, verdict } from './gate.ts';

/** Text that stands in for work: only in added lines, so that old ones do not block a change. */
const PLACEHOLDERS = [
  /\b(TODO|FIXME|XXX|TBD)\b(?!-)/,
  /lorem ipsum/i,
  /\bplaceholder (text|content|image|value|implementation)\b/i,
  /\b(not (yet )?implemented|implement (me|this)|your code here|rest of (the )?code|coming soon)\b/i,
  /\.\.\. ?(existing|remaining|rest of) /i,
  /<(insert|your|replace)[ -][a-z -]{2,40}>/i,
];
/** Where such words are the subject and not a stand-in. */
const EXEMPT = /(^|\/)(package-lock\.json|CHANGELOG\.md)$|\.(svg|lock)$/;

/** Added lines that stand in for work, as `file:line: text`. */
export function placeholdersIn(addedLines: { file: string; line: number; text: string }[]): string[] {
  return addedLines
    .filter((l) => !EXEMPT.test(l.file) && PLACEHOLDERS.some((p) => p.test(l.text)))
    .map((l) => `${l.file}:${l.line}: ${l.text.trim().slice(0, 160)}`);
}

export const noPlaceholders: GateOf<'no_placeholders'> = async (_spec, { addedLines, output }) => {
  const hits = placeholdersIn(addedLines);
  const said = output.split('\n').filter((l) => PLACEHOLDERS.slice(1).some((p) => p.test(l)));
  if (hits.length === 0 && said.length === 0) return verdict(true, 'no placeholder text');
  const where = [...hits, ...said.map((l) => `summary: ${l.trim().slice(0, 160)}`)];
  return verdict(false, `placeholder text in ${where.length} line(s)`, where.slice(0, 20).join('\n'));
};
