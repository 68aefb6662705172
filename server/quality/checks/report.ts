import { block, type Check, fail, lines, notApplicable, pass } from './check.ts';

const MIN_SUMMARY = 20;
const clean = (path: string) => path.trim().replace(/^\.\//, '').replace(/^`|`$/g, '');

/** 15: the agent reported, and the files it names are the files that changed. */
export const report: Check = async ({ writes, changes, report: said, mayReport, reported, stage }) => {
  if (!mayReport) return notApplicable('The step has no tool to report with.');
  if (!said) return block('There is no report. Call report before finish.');
  const wrong: string[] = [];
  if (said.taskSummary.trim().length < MIN_SUMMARY)
    wrong.push(`the summary has fewer than ${MIN_SUMMARY} characters`);
  if (said.verification.trim() === '') wrong.push('it does not say how the work was verified');
  if ((stage === 'REVIEW' || stage === 'SECURITY') && said.verdict === null) wrong.push('it has no verdict');
  if (writes) {
    // An earlier step may have written a file that a later one took away again.
    const named = new Set(said.filesWritten.map(clean));
    const claimed = new Set([...reported.map(clean), ...named]);
    const real = new Set(changes.map((c) => c.path));
    const invented = [...named].filter((f) => !real.has(f));
    const silent = [...real].filter((f) => !claimed.has(f));
    if (invented.length > 0 || silent.length > 0)
      return block(
        `The report does not match the diff: ${[
          invented.length > 0 ? `it names ${invented.slice(0, 3).join(', ')}, which did not change` : '',
          silent.length > 0 ? `it is silent about ${silent.slice(0, 3).join(', ')}` : '',
        ]
          .filter(Boolean)
          .join('; ')}. Report again with filesWritten as it is.`,
        lines([
          ...invented.map((f) => `named, not changed: ${f}`),
          ...silent.map((f) => `changed, not named: ${f}`),
        ]),
      );
  }
  if (wrong.length > 0) return fail(`The report is incomplete: ${wrong.join('; ')}`);
  return pass(
    writes
      ? `It names the ${changes.length} changed file(s), no more and no fewer`
      : 'It says what was looked at and how',
  );
};
