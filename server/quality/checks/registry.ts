import { type CheckName, type CheckResult, checkNames } from '#server/domain/checks.ts';
import type { CheckInput } from '#server/domain/seams.ts';
import { shortLines } from '../lines.ts';
import { build } from './build.ts';
import type { Check } from './check.ts';
import { consulted } from './consulted.ts';
import { criteria } from './criteria.ts';
import { dangerousCalls } from './dangerous-calls.ts';
import { dependencies } from './dependencies.ts';
import { docs } from './docs.ts';
import { gates } from './gates.ts';
import { leftovers } from './leftovers.ts';
import { merge } from './merge.ts';
import { paths } from './paths.ts';
import { placeholders } from './placeholders.ts';
import { report } from './report.ts';
import { reproducible } from './reproducible.ts';
import { secrets } from './secrets.ts';
import { size } from './size.ts';
import { tests } from './tests.ts';
import { testsAdded } from './tests-added.ts';
import { testsBite } from './tests-bite.ts';
import { typesAndLint } from './types-and-lint.ts';

/** QA-19: every check by its name; a name without a check does not compile. */
const checks = {
  size,
  paths,
  gates,
  build,
  tests,
  'tests-added': testsAdded,
  'tests-bite': testsBite,
  'types-and-lint': typesAndLint,
  placeholders,
  secrets,
  leftovers,
  dependencies,
  'dangerous-calls': dangerousCalls,
  docs,
  report,
  criteria,
  merge,
  consulted,
  reproducible,
} as const satisfies Record<CheckName, Check>;

const MAX_EVIDENCE = 8_000;

/** Runs the nineteen checks one after the other (several run commands in the same folder) and answers with all of them. */
export async function runChecks(given: CheckInput): Promise<CheckResult[]> {
  const input = { ...given, addedLines: shortLines(given.addedLines) };
  const results: CheckResult[] = [];
  for (const name of checkNames) {
    input.signal.throwIfAborted();
    const from = performance.now();
    const answer = await checks[name](input);
    results.push({
      name,
      blocking: false,
      command: null,
      ...answer,
      evidence: (answer.evidence ?? '').slice(-MAX_EVIDENCE),
      ms: Math.round(performance.now() - from),
    });
  }
  return results;
}
