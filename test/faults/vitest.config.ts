import { defineConfig } from 'vitest/config';

/** One story at a time: each starts a whole factory of processes. */
export default defineConfig({
  test: {
    include: ['test/faults/*.test.ts'],
    fileParallelism: false,
    testTimeout: 8 * 60_000,
    hookTimeout: 60_000,
  },
});
