// npm test: installs, checks, and runs every test this machine can run; says what it skipped and why.
// npm run test:faults runs test/faults instead. Both end with a line the CI can add up: "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, node24, root } from './bootstrap.mjs';

process.chdir(root);
await ensureInstalled();
const node = node24();
const ci = Boolean(process.env.CI);
const results = path.join(root, '.alai-test/results');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const total = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const bin = path.dirname(node) + path.delimiter + path.join(root, 'node_modules/.bin');
const env = {
  ...process.env,
  PATH: bin + path.delimiter + process.env.PATH,
  NODE_ENV: 'test',
  FORCE_COLOR: '0',
};

const has = (tool) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status === 0;

/** What tests need beside npm packages. In CI a missing one is a failure, elsewhere its tests are left out and named. */
const TOOLS = [
  ['git', 'everything that touches repositories'],
  ['redis-server', 'the queue on Redis'],
  ...(process.platform === 'linux'
    ? [
        ['bwrap', 'the OS sandbox'],
        ['socat', 'the OS sandbox'],
        ['rg', 'the OS sandbox'],
      ]
    : []),
];

function run(title, command, args, extra = {}) {
  process.stdout.write(`\n== ${title}\n`);
  const started = Date.now();
  const done = spawnSync(command, args, { stdio: 'inherit', env: { ...env, ...extra } });
  const took = `${((Date.now() - started) / 1000).toFixed(0)} s`;
  process.stdout.write(`== ${title}: ${done.status === 0 ? 'ok' : 'FAILED'} (${took})\n`);
  return done.status === 0;
}

/** A check that counts as one test. */
function check(title, command, args, extra) {
  const ok = run(title, command, args, extra);
  total[ok ? 'passed' : 'failed']++;
  return ok;
}

/** A runner that reports how many of its tests passed; one that died without a report counts as a failure. */
function runner(title, command, args, file, read, extra) {
  const ok = run(title, command, args, extra);
  const counted = existsSync(file)
    ? read(JSON.parse(readFileSync(file, 'utf8')))
    : { passed: 0, failed: 0, skipped: 0 };
  total.passed += counted.passed;
  total.failed += counted.failed;
  total.skipped += counted.skipped;
  if (!ok && counted.failed === 0) total.failed++;
  return ok;
}

function tools() {
  for (const [tool, use] of TOOLS) {
    if (has(tool)) continue;
    if (ci) {
      process.stdout.write(`Missing: ${tool} (${use})\n`);
      total.failed++;
    } else skipped.push(`${use}: ${tool} is not installed`);
  }
}

/** A browser: the system's, or Playwright's own where it can be downloaded. */
function browser() {
  const system = [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    process.env.CHROMIUM_PATH,
  ];
  if (system.some((p) => p && existsSync(p))) return true;
  const own = spawnSync(node, ['-e', "console.log(require('@playwright/test').chromium.executablePath())"], {
    encoding: 'utf8',
    cwd: root,
  });
  if (own.status === 0 && existsSync(own.stdout.trim())) return true;
  return run('Downloading a browser', 'npx', ['playwright', 'install', 'chromium']);
}

const vitestCounts = (r) => ({
  passed: r.numPassedTests,
  failed: r.numFailedTests,
  skipped: r.numPendingTests + r.numTodoTests,
});
const playwrightCounts = ({ stats }) => ({
  passed: stats.expected + stats.flaky,
  failed: stats.unexpected,
  skipped: stats.skipped,
});

function vitest(title, args, name) {
  const file = path.join(results, `${name}.json`);
  const reporters = ['default', 'json', './test/flaky.ts'].map((name) => `--reporter=${name}`);
  return runner(
    title,
    node,
    ['node_modules/vitest/vitest.mjs', 'run', ...reporters, `--outputFile.json=${file}`, ...args],
    file,
    vitestCounts,
  );
}

function tests() {
  tools();
  if (!check('Prisma client', node, ['scripts/prisma.mjs', 'generate'])) return;
  check('Format and lint', 'biome', ['check', '.']);
  check('Types in use (oxlint)', 'oxlint', ['--type-aware']);
  check('Types', 'tsc', ['--noEmit']);
  check('Structure', node, ['scripts/structure.ts']);
  check('Schema and migrations agree', node, ['scripts/migrations.ts', 'check']);
  vitest('Unit and integration', [], 'vitest');
  if (!existsSync('playwright.config.ts')) return skipped.push('browser tests: there are none yet');
  if (!browser()) {
    if (ci) total.failed++;
    return skipped.push('browser tests: no Chromium, and none could be downloaded');
  }
  if (!check('Build', node, ['scripts/build.ts'])) return;
  const file = path.join(results, 'playwright.json');
  const args = ['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json'];
  runner('Browser', node, args, file, playwrightCounts, { PLAYWRIGHT_JSON_OUTPUT_NAME: file });
}

function faults() {
  tools();
  check('Prisma client', node, ['scripts/prisma.mjs', 'generate']);
  // The web server is among what is killed, and it serves built pages.
  if (!check('Build', node, ['scripts/build.ts'])) return;
  vitest('Faults', ['--config', 'test/faults/vitest.config.ts'], 'faults');
}

const started = Date.now();
if (process.argv[2] === 'faults') faults();
else tests();
for (const reason of skipped) process.stdout.write(`Skipped: ${reason}\n`);
const more = total.skipped ? `, ${total.skipped} skipped` : '';
process.stdout.write(
  `\n${total.passed} passed, ${total.failed} failed${more} (${((Date.now() - started) / 1000).toFixed(0)} s)\n`,
);
process.exit(total.failed ? 1 : 0);
