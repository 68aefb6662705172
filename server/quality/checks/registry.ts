/**
 * QA-19: nineteen named checks of a finished task, each with its evidence. None is written yet; pages show "not run"
 * for an empty list, never a score.
 */
export interface CheckResult {
  name: string;
  state: 'pass' | 'fail' | 'skipped';
  detail: string;
  /** Who saw it: the harness, a CI server, or only the agent's word. */
  observedBy: 'harness' | 'ci' | 'claimed';
  tree: string;
}

export interface Check {
  name: string;
  description: string;
  run(input: { root: string; tree: string; signal: AbortSignal }): Promise<CheckResult>;
}

export const checks: readonly Check[] = [];

/** What a page says of QA-19 for a task. */
export function checksState(results: readonly CheckResult[]): 'not run' | 'passed' | 'failed' {
  if (checks.length === 0 || results.length === 0) return 'not run';
  return results.filter((r) => r.state === 'pass').length >= 15 ? 'passed' : 'failed';
}
