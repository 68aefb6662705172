/**
 * How heavy and how quick `/status` is on a phone with a slow connection. Needs a running Mission Control (its PORT and ALAI_HOME).
 * `npm run bench -- status [--json]`
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { type CDPSession, chromium, type Page } from '@playwright/test';
import { env } from '#server/platform/env.ts';
import config from '../playwright.config.ts';

const ROUNDS = 5;
const MOST_SCRIPT = 30_000;
const MOST_MS = 1_000;
const root = path.dirname(import.meta.dirname);
const url = `http://localhost:${env().PORT}`;
/** "Slow 3G" of the browser's own tools: 400 kbit/s, two seconds for every round trip. */
const slow = { offline: false, latency: 2_000, downloadThroughput: 50_000, uploadThroughput: 50_000 };
const fast = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

const said = execFileSync(process.execPath, [path.join(root, 'scripts/alai.mjs'), 'sign-in'], {
  encoding: 'utf8',
});
const link = /https?:\/\/\S+#code=\S+/.exec(said)?.[0];
if (!link) throw new Error(`no sign-in link: ${said}`);

const browser = await chromium.launch(config.use?.launchOptions);
const desk = await browser.newContext();
const door = await desk.newPage();
await door.goto(link);
await door.waitForURL(`${url}/`);
// Another device, as it were: nothing of the pages is in its cache.
const context = await browser.newContext({
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  storageState: await desk.storageState(),
});
await desk.close();
const page = await context.newPage();

const build = JSON.parse(readFileSync(path.join(root, '.next/build-manifest.json'), 'utf8')) as {
  rootMainFiles: string[];
  polyfillFiles: string[];
};
const framework = new Set([...build.rootMainFiles, ...build.polyfillFiles].map((f) => `/_next/${f}`));
const bytes = { own: 0, framework: 0 };
page.on('response', async (r) => {
  const { pathname } = new URL(r.url());
  if (r.request().resourceType() !== 'script' || !pathname.startsWith('/_next/')) return;
  bytes[framework.has(pathname) ? 'framework' : 'own'] += gzipSync(await r.body()).length;
});

const painted = (p: Page) =>
  p.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN);
const sinceStart = (p: Page) => p.evaluate(() => performance.now());
async function open(devtools: CDPSession): Promise<{ paint: number; live: number }> {
  await devtools.send('Network.emulateNetworkConditions', slow);
  await page.goto(`${url}/status`, { waitUntil: 'commit' });
  await page.getByText(/need you\.|needs you\./).waitFor();
  const paint = await painted(page);
  await page.getByText(/^Live/).waitFor({ timeout: 60_000 });
  const live = await sinceStart(page);
  await devtools.send('Network.emulateNetworkConditions', fast);
  return { paint, live };
}
const middle = (all: number[]) => Math.round([...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0);

const devtools = await context.newCDPSession(page);
await devtools.send('Network.enable');
const first = await open(devtools);
await page.waitForLoadState('networkidle');
const weight = { ...bytes };
await page.waitForFunction(async () => !!(await caches.match('/status')), null, { timeout: 60_000 });
const later: Awaited<ReturnType<typeof open>>[] = [];
for (let n = 0; n < ROUNDS; n++) {
  await page.goto('about:blank');
  later.push(await open(devtools));
}
await browser.close();

const result = {
  script: { own: weight.own, framework: weight.framework, most: MOST_SCRIPT },
  first: { paint: Math.round(first.paint), live: Math.round(first.live) },
  later: { paint: middle(later.map((l) => l.paint)), live: middle(later.map((l) => l.live)), rounds: ROUNDS },
};
if (process.argv.includes('--json')) console.log(JSON.stringify(result));
else
  console.log(
    [
      `script of the page    ${(result.script.own / 1_000).toFixed(1)} kB gzip (most ${MOST_SCRIPT / 1_000}), framework ${(result.script.framework / 1_000).toFixed(1)} kB`,
      `first time, slow 3G   painted ${result.first.paint} ms, live ${result.first.live} ms`,
      `after it, slow 3G     painted ${result.later.paint} ms (most ${MOST_MS}), live ${result.later.live} ms, middle of ${ROUNDS}`,
    ].join('\n'),
  );
if (result.script.own > MOST_SCRIPT || !(result.later.paint < MOST_MS)) process.exit(1);
