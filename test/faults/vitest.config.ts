import { defineConfig } from 'vitest/config';

/** One story at a time: each starts a whole factory of processes. */
export default defineConfig({
  test: {
    include: ['test/faults/*.test.ts'],
    fileParallelism: false,
    testTimeout: 8 * 60_000,
    hookTimeout: 60_000,
    // A promise that was broken once is broken. What never met its fault has shown nothing, and is tried again (wait.ts).
    retry: { count: process.env.CI ? 1 : 0, condition: /^The story could not be staged/ },
  },
});
