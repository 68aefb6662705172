import { block, type Check, fail, lines, notApplicable, pass, pending } from './check.ts';

/** 16: a reviewer who did not build it answers each acceptance criterion by its number. */
export const criteria: Check = async ({ stage, criteria: wanted, report, company, builtBy }) => {
  if (stage === 'BUILD') return pending('REVIEW answers each criterion on this commit.');
  if (stage !== 'REVIEW') return notApplicable('Acceptance criteria are answered in REVIEW.');
  if (builtBy === company) return block(`${company} built this and cannot review it.`);
  const answers = new Map((report?.criteria ?? []).map((a) => [a.number, a]));
  const list = wanted.map((text, i) => {
    const a = answers.get(i + 1);
    return `${i + 1}. ${a ? (a.met ? 'met' : 'NOT met') : 'not addressed'}: ${text}${a ? `\n   ${a.evidence}` : ''}`;
  });
  const open = wanted.map((_, i) => i + 1).filter((n) => !answers.has(n));
  if (open.length > 0)
    return fail(`Criteria ${open.join(', ')} of ${wanted.length} are not addressed`, lines(list));
  const unmet = [...answers.values()].filter((a) => !a.met).map((a) => a.number);
  if (unmet.length > 0 && report?.verdict === 'pass')
    return block(`It passed although criteria ${unmet.join(', ')} are not met`, lines(list));
  return pass(
    `${wanted.length} of ${wanted.length} criteria addressed, ${wanted.length - unmet.length} met`,
    lines(list),
  );
};
