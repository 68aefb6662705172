import { type BrowserContext, expect, type Page } from '@playwright/test';
import { expectAccessible, test, watchErrors } from './story.ts';

test.describe.configure({ mode: 'serial' });

let owner: BrowserContext;
let page: Page;
let errors: string[];
let guest: BrowserContext;
let theirs: Page;

test.beforeAll(async ({ browser, factory }) => {
  owner = await browser.newContext({ reducedMotion: 'reduce', storageState: factory.session });
  page = await owner.newPage();
  errors = watchErrors(page);
  guest = await browser.newContext();
  theirs = await guest.newPage();
});
test.afterAll(async () => {
  await owner.close();
  await guest.close();
});

const row = (name: string) => page.getByRole('listitem').filter({ hasText: name });

test('the owner invites an operator by a link that signs in once', async () => {
  await page.goto('/settings/people');
  await page.getByLabel('Name').fill('Selma');
  await page.getByRole('button', { name: 'Invite' }).click();
  const link = await page.getByLabel('Shown once').inputValue();
  expect(link).toContain('/sign-in#code=');
  await expectAccessible(page, 'People');
  await theirs.goto(link);
  await expect(theirs.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await theirs.goto('/settings/you');
  await expect(theirs.getByRole('heading', { name: 'Selma, Operator' })).toBeVisible();
  await expect(theirs.getByRole('link', { name: 'People' })).toHaveCount(0);
  const stranger = await guest.browser()?.newContext();
  const late = await (stranger as BrowserContext).newPage();
  await late.goto(link);
  await expect(late.getByRole('heading', { name: 'This link is used up or has expired.' })).toBeVisible();
  await stranger?.close();
});

test('a token is shown once, may what its scopes say, and ends when it is revoked', async ({ request }) => {
  await theirs.getByLabel('What it is for').fill('Morning report');
  await theirs.getByRole('button', { name: 'Make a token' }).click();
  const token = await theirs.getByLabel('Shown once').inputValue();
  await expectAccessible(theirs, 'Your settings');
  await theirs.getByRole('button', { name: 'Done' }).click();
  await expect(theirs.getByText(token)).toHaveCount(0);
  const headers = { authorization: `Bearer ${token}` };
  expect((await request.get('/api/trpc/strip.get', { headers })).status()).toBe(200);
  expect((await request.get('/api/audit', { headers })).status()).toBe(403);
  const data = { json: { reason: '' } };
  expect((await request.post('/api/trpc/factory.stop', { headers, data })).status()).toBe(403);
  expect((await request.post('/api/trpc/me.endOtherSessions', { headers, data: {} })).status()).toBe(403);
  await theirs.getByRole('button', { name: 'Revoke Morning report' }).click();
  await expect(theirs.getByRole('button', { name: 'Revoke Morning report' })).toHaveCount(0);
  expect((await request.get('/api/trpc/strip.get', { headers })).status()).toBe(401);
});

test('who is demoted may only look from then on, and who is locked out is gone within five seconds', async () => {
  await page.reload();
  await page.getByLabel('Role of Selma').selectOption('viewer');
  await expect
    .poll(async () => (await theirs.request.post('/api/trpc/factory.resume', { data: {} })).status())
    .toBe(403);
  await theirs.goto('/');
  await expect(theirs.getByText(/^Live/)).toBeVisible();
  await row('Selma').getByRole('button', { name: 'Lock out Selma' }).click();
  await expect(theirs).toHaveURL(/sign-in/, { timeout: 5_000 });
  await expect(row('Selma')).toContainText('Locked out');
});

test('signing out ends the session itself, not only this browser’s cookie', async ({ browser }) => {
  await row('Selma').getByRole('button', { name: 'Let in again' }).click();
  await row('Selma').getByRole('button', { name: 'New link for Selma' }).click();
  await theirs.goto(await page.getByLabel('Shown once').inputValue());
  await expect(theirs.getByRole('navigation', { name: 'Main' })).toBeVisible();
  const copy = await browser.newContext({ storageState: await guest.storageState() });
  expect((await copy.request.get('/api/trpc/me.get')).status()).toBe(200);
  await theirs.keyboard.press('Control+k');
  await theirs.getByRole('option', { name: 'Sign out' }).click();
  await expect(theirs).toHaveURL(/sign-in/);
  expect((await copy.request.get('/api/trpc/me.get')).status()).toBe(401);
  await copy.close();
});

test('all of it is in the audit trail, sealed, with who, what, when and why', async () => {
  await page.goto('/audit');
  const trail = page.getByRole('region', { name: 'Audit trail' });
  await expect(trail.getByText('locked out')).toBeVisible();
  await expect(page.getByText(/entries, none changed/)).toBeVisible();
  await page.getByLabel('Who').selectOption('Selma');
  await expect(trail.getByText('made an API token Morning report')).toBeVisible();
  await expect(trail.getByText('locked out')).toHaveCount(0);
  await trail.getByText('made an API token').click();
  await expect(trail.getByText('"scopes"')).toBeVisible();
  await expectAccessible(page, 'The audit trail');
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'CSV' }).click(),
  ]);
  expect(file.suggestedFilename()).toBe('audit.csv');
  await page.setViewportSize({ width: 390, height: 844 });
  await expectAccessible(page, 'The audit trail on a phone');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('the keys are told on a question mark', async () => {
  await page.goto('/');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await expect(help).toContainText('Human queue');
  await expectAccessible(page, 'The keys');
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL('**/audit');
  expect(errors).toEqual([]);
});
