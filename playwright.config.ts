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

export default defineConfig({
  testDir: './e2e',
  testMatch: /.*\.spec\.ts/,
  outputDir: './e2e/.results',
  // Each has a factory of its own (e2e/story.ts), whose agents use a core beside the browser.
  workers: 2,
  fullyParallel: false,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  // A busy machine is no fault of the product: what fails once and then passes is told as flaky.
  retries: process.env.CI ? 1 : 0,
  globalSetup: './e2e/build.ts',
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1440, height: 900 },
    // A trace costs as much as many a story: the CI draws it only of what it tries again.
    trace: process.env.CI ? 'on-first-retry' : 'retain-on-failure',
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
