import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that start many processes, apart from the others in a few of their own; those that take longest first. A file
 * runs in one worker, so a long one that begins last is what everybody waits for.
 */
export const startsProcesses = [
  'server/execution/attempt.test.ts',
  'server/execution/agents/real.test.ts',
  'server/integration/integrate.test.ts',
  'server/execution/attempt-returns.test.ts',
  'server/execution/attempt-model.test.ts',
  'workers/drill/drill.test.ts',
  'server/execution/inspect.test.ts',
  'workers/host/faults.test.ts',
  'server/execution/waiting.test.ts',
  'server/execution/workflow.test.ts',
  'server/execution/attempt-bounds.test.ts',
  'server/execution/runners/advisory.test.ts',
  'server/execution/sandbox/sandbox.test.ts',
  'workers/verify/verify.test.ts',
  'server/integration/revert.test.ts',
  'server/execution/packages.test.ts',
  'server/execution/runners/process.test.ts',
  'server/execution/mcp/mcp.test.ts',
  'workers/host/trials.test.ts',
  'workers/supervisor/supervisor.test.ts',
];

/** The declared order, then the others by name. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification) => {
      const at = startsProcesses.findIndex((name) => file.moduleId.endsWith(`/${name}`));
      return at < 0 ? startsProcesses.length : at;
    };
    return files.toSorted((a, b) => place(a) - place(b) || a.moduleId.localeCompare(b.moduleId));
  }
}
