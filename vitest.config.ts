import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { folderInMemory, temporary } from './test/memory.ts';
import { LongestFirst, startsProcesses } from './test/order.ts';

const never = ['test/faults/**', 'e2e/**', '**/node_modules/**'];

export default defineConfig({
  test: {
    // One more than cores, where vitest would take one fewer: most of our tests wait for processes and databases.
    maxWorkers: availableParallelism() + 1,
    env: temporary(folderInMemory()),
    globalSetup: ['./test/global-setup.ts'],
    // A run that is asked for another order (--sequence.shuffle.files) has vitest's own.
    ...(process.argv.some((a) => a.startsWith('--sequence'))
      ? {}
      : { sequence: { sequencer: LongestFirst } }),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A machine with more to do than our tests answers later, and no worse.
    expect: { poll: { timeout: 10_000 } },
    // As in the browser's tests: what fails once and then passes is told as flaky (test/flaky.ts), and worth looking at.
    retry: process.env.CI ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          // Files that run one after the other in one process load the server once instead of once per file.
          name: 'together',
          isolate: false,
          include: ['{server,workers,cli,companies,scripts,test,prisma,bench,components,app}/**/*.test.ts'],
          exclude: [...never, ...startsProcesses],
        },
      },
      {
        extends: true,
        // A process is forked with all the memory of its parent: those who start hundreds share small ones.
        test: { name: 'processes', isolate: false, include: [...startsProcesses], exclude: never },
      },
    ],
  },
});
