import { z } from 'zod';

/** The gate under which a run of the nineteen checks is recorded. */
export const QA_GATE = 'qa-19';

/** QA-19: what is looked at before work counts as done. The position is the number everybody refers to. */
export const checkTitles = {
  size: 'The change is not empty and within size',
  paths: 'Only allowed paths changed',
  gates: 'All gates of the blueprint passed',
  build: 'It builds',
  tests: 'The tests pass',
  'tests-added': 'New behaviour comes with tests, and none was removed',
  'tests-bite': 'The new tests fail without the change',
  'types-and-lint': 'Types and lint are clean',
  placeholders: 'No placeholders',
  secrets: 'No secrets',
  leftovers: 'No debug leftovers or conflict markers',
  dependencies: 'Dependencies are pinned, the lockfile agrees',
  'dangerous-calls': 'No dangerous calls',
  docs: 'The docs follow public changes',
  report: 'The report is complete and true to the diff',
  criteria: 'Each acceptance criterion is addressed by a reviewer',
  merge: 'It merges cleanly',
  consulted: 'Earlier work was consulted and cited',
  reproducible: 'It is reproducible in a clean worktree',
} as const;
export type CheckName = keyof typeof checkTitles;
export const checkNames = Object.keys(checkTitles) as CheckName[];

/** The number of a check, 1 to 19. */
export const checkNumber = (name: CheckName): number => checkNames.indexOf(name) + 1;

export const checkStates = ['pass', 'fail', 'not applicable', 'pending'] as const;
export type CheckState = (typeof checkStates)[number];

/** One check as it came out on one tree. `blocking`: this failure stops the work whatever the score is. */
export const checkResultSchema = z.object({
  name: z.enum(Object.keys(checkTitles) as [CheckName, ...CheckName[]]),
  state: z.enum(checkStates),
  blocking: z.boolean(),
  /** What was seen, or the rule by which it does not apply, in one sentence. */
  detail: z.string(),
  /** What bears it out: output, lines, files. */
  evidence: z.string(),
  command: z.array(z.string()).nullable(),
  ms: z.number(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

/** 15 of 19 pass; where checks do not apply, the same share of those that do (qa-19 of the source documents). */
const BAR = 15 / 19;

export interface Score {
  passed: number;
  applicable: number;
  /** How many have to pass. */
  bar: number;
  /** Failed checks that no score outvotes. */
  blocked: CheckName[];
  ok: boolean;
}

/** The score of a set of checks. What is not applicable or still pending counts on neither side. */
export function scoreOf(results: Pick<CheckResult, 'name' | 'state' | 'blocking'>[]): Score {
  const passed = results.filter((r) => r.state === 'pass').length;
  const failed = results.filter((r) => r.state === 'fail');
  const applicable = passed + failed.length;
  const bar = Math.ceil(applicable * BAR);
  const blocked = failed.filter((r) => r.blocking).map((r) => r.name);
  return { passed, applicable, bar, blocked, ok: passed >= bar && blocked.length === 0 };
}

/** The score in words. */
export function scoreSentence(s: Score): string {
  const score = `${s.passed} of ${s.applicable} checks that apply pass, ${s.bar} are needed`;
  return s.blocked.length > 0 ? `${score}; stopped by ${s.blocked.join(', ')}` : score;
}
