import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BrowserContext, expect, type Page } from '@playwright/test';
import type { Factory } from './factory.ts';
import { expectAccessible, onePage, test, watchErrors } from './story.ts';

const MOST_SCRIPT = 30_000;
const root = path.dirname(import.meta.dirname);

/** A task that a safety rule holds: the phone asks about it. */
async function hold(factory: Factory, title: string): Promise<number> {
  const { taskIds } = await factory.add([{ title }]);
  return taskIds[0] as number;
}

let context: BrowserContext;
let page: Page;
onePage(
  (one) => {
    ({ context, page } = one);
  },
  { viewport: { width: 390, height: 844 }, hasTouch: true },
);

const card = () => page.getByRole('region', { name: 'Decision' });
/** The question about one task is in front; others may wait before it. */
async function leafTo(title: string): Promise<void> {
  await expect(async () => {
    const next = card().getByRole('button', { name: 'Next' });
    if (!(await card().getByRole('heading', { name: title }).isVisible()) && (await next.isVisible()))
      await next.click();
    await expect(card().getByRole('heading')).toContainText(title, { timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
}

test('the phone answers five questions on one screen, with little script', async () => {
  const scripts: { name: string; bytes: number }[] = [];
  page.on('response', async (r) => {
    if (r.request().resourceType() !== 'script' || !r.url().includes('/_next/')) return;
    scripts.push({ name: new URL(r.url()).pathname, bytes: gzipSync(await r.body()).length });
  });
  await page.goto('/status');
  // A question on the card may use the same words: the sentence comes first.
  for (const said of [
    'Live',
    /Nothing is stuck|may be stuck|you are told/,
    /need you\.|needs you\./,
    /€\d+\.\d\d of €\d+\.\d\d today/,
    /finished/,
    /slow/,
  ])
    await expect(page.getByText(said).first()).toBeVisible();
  await page.waitForLoadState('networkidle');

  const build = JSON.parse(readFileSync(path.join(root, '.next/build-manifest.json'), 'utf8')) as {
    rootMainFiles: string[];
    polyfillFiles: string[];
  };
  const framework = new Set([...build.rootMainFiles, ...build.polyfillFiles].map((f) => `/_next/${f}`));
  const own = scripts.filter((s) => !framework.has(s.name));
  expect(own.length, 'the page has a script of its own').toBeGreaterThan(0);
  expect(own.reduce((sum, s) => sum + s.bytes, 0)).toBeLessThan(MOST_SCRIPT);
});

test('approves with a swipe, takes it back, and rejects with a reason', async ({ factory }) => {
  const id = await hold(factory, 'Delete the production database of apples');
  await page.reload();
  await leafTo('database of apples');
  await expectAccessible(page, 'The status with a question');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expect(card().getByRole('button', { name: /^Approve: Lets agents start/ })).toBeEnabled();

  // Not far enough decides nothing.
  const box = await card().boundingBox();
  const from = { x: (box?.x ?? 0) + 60, y: (box?.y ?? 0) + 60 };
  const swipe = async (by: number) => {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + by / 2, from.y, { steps: 4 });
    await page.mouse.move(from.x + by, from.y, { steps: 4 });
    await page.mouse.up();
  };
  await swipe(60);
  await expect(card().getByText('database of apples')).toBeVisible();
  await swipe(200);
  await expect(page.getByText(`#${id} approved.`)).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await leafTo('database of apples');

  await card().getByRole('button', { name: 'Reject' }).click();
  const reason = card().getByLabel('Why? The next agent reads it.');
  await reason.fill('no '.repeat(20_000));
  await expect(card().getByText('60,000 characters; 4,000 are the most.')).toBeVisible();
  await expect(card().getByRole('button', { name: /^Reject:/ })).toBeDisabled();
  await reason.fill('Apples are still sold 🍏');
  await expectAccessible(page, 'The reason');
  await card()
    .getByRole('button', { name: /^Reject:/ })
    .click();
  await expect(page.getByText(`#${id} rejected.`)).toBeVisible();
  await expect
    .poll(async () => (await factory.read<{ state: string }>('tasks.get', { id })).state, {
      timeout: 30_000,
    })
    .toBe('CANCELLED');
});

test('a question that changed or vanished says so and decides nothing', async ({ factory }) => {
  const id = await hold(factory, 'Delete the production database of pears');
  await page.reload();
  await leafTo('database of pears');
  const { version } = await factory.read<{ version: number }>('tasks.get', { id });
  await factory.change('tasks.edit', { id, version, patch: { description: 'And the backups.' } });
  await expect(card().getByText('What is asked has changed since it was shown.')).toBeVisible();
  await expect(card().getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  await card().getByRole('button', { name: 'Look again' }).click();
  await expect(card().getByText('And the backups.')).toBeVisible();
  await factory.change('tasks.cancel', { id, reason: 'Pears are out' });
  await expect(card().getByText('This was withdrawn: nobody has to answer it any more.')).toBeVisible();
  await expect(card().getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  await card()
    .getByRole('button', { name: /Show the next|Close/ })
    .click();
  await expect(page.getByText('database of pears')).toHaveCount(0);
});

test('is installed, opens at once from what was kept, and never shows it as live', async ({
  request,
  factory,
}) => {
  const manifest = await request.get('/manifest.webmanifest');
  const { icons, start_url } = (await manifest.json()) as {
    start_url: string;
    icons: { src: string; purpose?: string }[];
  };
  expect(start_url).toBe('/status');
  expect(icons.some((i) => i.purpose === 'maskable')).toBe(true);
  for (const icon of icons)
    expect((await request.get(icon.src)).headers()['content-type']).toMatch(/^image\//);
  expect((await request.get('/sw.js')).headers()['content-type']).toMatch(/javascript/);

  const id = await hold(factory, 'Delete the production database of plums');
  await page.goto('/status');
  await leafTo('database of plums');
  const kept = () =>
    page.evaluate(async () => {
      const cache = await caches.open('alai-status-1');
      const state = await cache.match('/api/trpc/status.get');
      return { shell: !!(await cache.match('/status')), plums: (await state?.text())?.includes('plums') };
    });
  await expect.poll(kept, { timeout: 20_000 }).toEqual({ shell: true, plums: true });

  // 400 kbit/s and 2 s for every round trip: what is shown first does not wait for any.
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 2_000,
    downloadThroughput: 50_000,
    uploadThroughput: 50_000,
  });
  await page.goto('/status', { waitUntil: 'commit' });
  await expect(page.getByText(/need you\.|needs you\./).first()).toBeVisible();
  const painted = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.POSITIVE_INFINITY,
  );
  // A single round trip would take longer.
  expect(painted, 'first contentful paint on slow 3G').toBeLessThan(2_000);
  await devtools.detach();

  await context.setOffline(true);
  await page.goto('/status');
  await expect(page.getByText(/Offline\. Data from \d\d:\d\d:\d\d/)).toBeVisible();
  await expect(page.getByText(/^Live \d/)).toHaveCount(0);
  await leafTo('database of plums');
  await expect(card().getByRole('button', { name: /^Approve/ })).toBeDisabled();
  await expect(card().getByRole('button', { name: 'Reject' })).toBeDisabled();
  await expectAccessible(page, 'The status, offline');
  await context.setOffline(false);
  await expect(page.getByText(/^Live \d/)).toBeVisible({ timeout: 15_000 });
  await expect(card().getByRole('button', { name: /^Approve/ })).toBeEnabled();
  await factory.change('tasks.cancel', { id, reason: 'Plums are out' });
});

test('what was kept leaves the device with the session', async ({ browser, factory }) => {
  const other = await browser.newContext({ storageState: factory.session });
  const second = await other.newPage();
  await second.goto('/status');
  await expect
    .poll(() => second.evaluate(async () => !!(await caches.match('/status'))), { timeout: 20_000 })
    .toBe(true);
  await other.clearCookies();
  await second.goto('/status');
  await expect(second).toHaveURL(/\/sign-in\?next=(%2F|\/)status/);
  await expect.poll(() => second.evaluate(async () => (await caches.keys()).length)).toBe(0);
  await other.close();
});

test('a push shows the notice, whose link is a page of ours', async () => {
  await context.grantPermissions(['notifications']);
  await page.goto('/status');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  const devtools = await context.newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const ours = registrations.find((r) => r.scopeURL.endsWith('/status') && !r.isDeleted);
      if (ours) resolve(ours.registrationId);
    });
  });
  await devtools.send('ServiceWorker.enable');
  const registrationId = await registered;
  const push = (told: object) =>
    devtools.send('ServiceWorker.deliverPushMessage', {
      origin: new URL(page.url()).origin,
      registrationId,
      data: JSON.stringify(told),
    });
  const shown = () =>
    page.evaluate(async () => {
      const r = await navigator.serviceWorker.getRegistration('/status');
      const all = (await r?.getNotifications()) ?? [];
      return Object.fromEntries(all.map((n) => [n.title, (n.data as { url: string }).url]));
    });
  // The browser drops what comes while the worker is being put in place; a notice of the same tag takes the place of the last.
  await expect(async () => {
    await push({ title: 'Merge it?', body: 'Why', url: '/queue?decision=7', tag: 'a', urgent: true });
    await push({ title: 'From elsewhere', url: 'https://evil.example/x', tag: 'b' });
    await expect
      .poll(shown, { timeout: 3_000 })
      .toEqual({ 'Merge it?': '/queue?decision=7', 'From elsewhere': '/status' });
  }).toPass({ timeout: 20_000 });
  await devtools.detach();
});

test('adds a webhook, tests it, sees what was sent, and sets its rules', async ({ browser, factory }) => {
  const got: { headers: IncomingHttpHeaders; body: string }[] = [];
  const receiver = createServer((req, res) => {
    let body = '';
    req.on('data', (part) => {
      body += part;
    });
    req.on('end', () => {
      got.push({ headers: req.headers, body });
      res.end('thanks');
    });
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  const { port } = receiver.address() as AddressInfo;
  const desk = await browser.newContext({ storageState: factory.session, reducedMotion: 'reduce' });
  const settings = await desk.newPage();
  const seen = watchErrors(settings);
  await settings.goto('/settings/notifications');
  await expect(settings.getByText('Nobody is told yet.')).toBeVisible();
  await expectAccessible(settings, 'Notifications, empty');

  await settings.getByRole('button', { name: 'Add Webhook' }).click();
  await settings.getByLabel('Name').fill('Ops hook');
  await settings.getByLabel('Address').fill('https://169.254.169.254/latest');
  await settings.getByRole('button', { name: 'Add Webhook' }).click();
  await expect(settings.getByText('169.254.169.254 lies in an inner net')).toBeVisible();
  await settings.getByLabel('Address').fill(`http://127.0.0.1:${port}/hook`);
  await settings.getByRole('button', { name: 'Add Webhook' }).click();
  const secret = await settings.getByLabel('Shown once').inputValue();
  expect(secret).toMatch(/^whsec_/);
  await settings.getByRole('button', { name: 'Done' }).click();

  await settings.getByRole('button', { name: 'Send a test to Ops hook' }).click();
  const delivery = settings.locator('.delivery').filter({ hasText: 'This is a test' });
  await expect(delivery).toContainText('Sent');
  await delivery.getByText('1 try').click();
  await expect(delivery).toContainText('taken, 200');
  await settings.getByRole('button', { name: 'Send again: This is a test, Ops hook' }).click();
  await expect.poll(() => got.length).toBe(2);
  expect(got[0]?.headers['webhook-id']).toBe(got[1]?.headers['webhook-id']);
  for (const { headers, body } of got) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const mac = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
      .update(signed)
      .digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${mac}`);
  }

  await settings.getByRole('button', { name: 'Rules of Ops hook' }).click();
  await settings.getByLabel('Quiet hours').check();
  await settings.getByLabel('Time zone').fill('Europe/Stockholm');
  await expectAccessible(settings, 'Notifications, with rules open');
  await settings.getByRole('button', { name: 'Save the rules' }).click();
  await expect(settings.getByText('Quiet 22:00–07:00 (Europe/Stockholm), urgent may wake.')).toBeVisible();
  await settings.getByRole('button', { name: 'Remove Ops hook' }).click();
  await expect(settings.getByText('Nobody is told yet.')).toBeVisible();
  expect(seen).toEqual([]);
  await desk.close();
  receiver.close();
});
