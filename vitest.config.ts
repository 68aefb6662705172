import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
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
