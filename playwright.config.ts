import { existsSync } from 'node:fs';
import { chromium, defineConfig, devices } from '@playwright/test';

/** The browser that was downloaded, else the system's. */
const system = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = existsSync(chromium.executablePath())
  ? undefined
  : system.find((p): p is string => !!p && existsSync(p));

// Chosen once, by the first process; the others inherit it.
process.env.ALAI_E2E_PORT ??= String(21_000 + (process.pid % 9_000));

export default defineConfig({
  testDir: './e2e',
  testMatch: /.*\.spec\.ts/,
  outputDir: './e2e/.results',
  // One factory, one story: the pages of one test are the work of the one before.
  workers: 1,
  fullyParallel: false,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  // A busy machine is no fault of the product: what fails once and then passes is told as flaky.
  retries: process.env.CI ? 1 : 0,
  globalSetup: './e2e/factory.ts',
  use: {
    ...devices['Desktop Chrome'],
    baseURL: `http://localhost:${process.env.ALAI_E2E_PORT}`,
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
