import { availableParallelism } from 'node:os';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Vitest leaves a core free, which on two is one worker; most of our tests wait for processes and databases.
    maxWorkers: Math.max(2, availableParallelism()),
    globalSetup: ['./test/global-setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['{server,workers,cli,companies,scripts,test,prisma,bench}/**/*.test.ts'],
          exclude: ['test/faults/**', 'e2e/**', '**/node_modules/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        plugins: [react()],
        test: { name: 'dom', environment: 'happy-dom', include: ['{components,app}/**/*.test.{ts,tsx}'] },
      },
    ],
  },
});
