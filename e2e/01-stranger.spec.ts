import { expect, type Page } from '@playwright/test';
import { expectAccessible, onePage, test } from './story.ts';

let page: Page;
onePage(
  (one) => {
    page = one.page;
  },
  { storageState: undefined },
);

const column = (name: string) => page.getByRole('region', { name, exact: true });

test('signs in with the one-time link and sees an empty board', async ({ factory }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByRole('heading', { name: 'Sign in with your link.' })).toBeVisible();
  await expectAccessible(page, 'The sign-in');

  await page.goto(factory.link);
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('heading', { name: 'Nothing is running yet.' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run the Bento sample' })).toBeVisible();
  await expect(page.locator('.strip')).toContainText('FORGE');
  await expect(page.locator('.strip')).toContainText('ANVIL');
  await expect(page.locator('.strip')).toContainText('Live');
  await expectAccessible(page, 'The empty board');
});

test('cannot use the link twice', async ({ browser, factory }) => {
  const other = await browser.newContext();
  const second = await other.newPage();
  await second.goto(factory.link);
  await expect(second.getByRole('heading', { name: 'This link is used up or has expired.' })).toBeVisible();
  expect(second.url()).not.toContain('#');
  await other.close();
});

test('runs the Bento sample and watches it to the end', async () => {
  test.setTimeout(330_000);
  await page.getByRole('button', { name: 'Run the Bento sample' }).click();
  await expect(page).toHaveURL(/\/pipelines\/\d+/);
  await expect(page.getByText('Scripted, no model was called.')).toBeVisible();

  const nodes = page.locator('.dag-node');
  const merged = page.locator('.bar');
  await expect(nodes.filter({ hasText: 'Building' }).first()).toBeVisible();
  await expect(nodes.filter({ hasText: 'Planned' }).first()).toBeVisible();

  // Never reloaded: what follows arrives over the stream. Drawn nodes keep their place while the graph grows.
  const first = page.locator('[data-id="t4001"]');
  const place = await first.getAttribute('style');
  await expect(merged).toContainText('6 merged', { timeout: 280_000 });
  await expect(nodes.filter({ hasText: 'Planned' })).toHaveCount(0, { timeout: 60_000 });
  await expect(nodes.filter({ hasText: /Building|Reviewing|Auditing|Deploying|Documenting/ })).toHaveCount(
    0,
    {
      timeout: 30_000,
    },
  );
  expect(await first.getAttribute('style')).toBe(place);
  expect(await nodes.count()).toBeGreaterThanOrEqual(20);
  await expect(nodes.filter({ hasText: 'Rejected' })).toHaveCount(1);
  await expect(page.locator('.dag-count').filter({ hasText: /finding/ })).toHaveCount(1);
  await expect(nodes.filter({ hasText: 'Fix: ' }).first()).toBeVisible();
  await expect(page.locator('.strip')).toContainText('None need you');
  await expectAccessible(page, 'The pipeline');
});

test('opens a node, reads its transcript and its diff', async () => {
  test.setTimeout(120_000);
  await page.locator('[data-id="t4001"]').click();
  const inspector = page.getByRole('complementary', { name: 'Task 4001' });
  for (const part of ['Why', 'Evidence', 'Cost'])
    await expect(inspector.getByRole('heading', { name: part })).toBeVisible();
  await expectAccessible(page, 'The inspector');
  await page.keyboard.press('j');
  await expect(page.getByRole('complementary', { name: /Task \d+/ })).not.toHaveAccessibleName('Task 4001');
  await page.keyboard.press('k');
  await inspector.getByRole('link', { name: 'Open task' }).click();

  await expect(page).toHaveURL('/tasks/4001');
  await expect(page.getByRole('log')).toContainText('The tool calls below really ran.');
  await page.keyboard.press('o');
  await expect(page.getByRole('log')).toContainText(/write|edit/);
  await expect(page.locator('.diff .add').first()).toBeVisible();
  await expectAccessible(page, 'The task');

  await page.keyboard.press('w');
  await expect(page.getByRole('navigation', { name: 'Changed files' })).toContainText('app.js');
  await expect(page.locator('.diff .code-keyword').first()).toBeVisible();
  await page.getByRole('button', { name: 'Comment on line 1', exact: true }).first().click();
  await page.getByRole('textbox', { name: /Comment on line 1 of/ }).fill('Say why it is needed');
  await page.getByRole('button', { name: 'Keep comment' }).click();
  await expect(page.getByRole('button', { name: 'Send back: 1 comment' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('region', { name: 'Comments to send back' })).toContainText('Say why');
  await page.getByRole('button', { name: /Delete comment on/ }).click();
  await expect(page.getByRole('button', { name: /Send back/ })).toHaveCount(0);
  await page.keyboard.press('w');

  await page.getByRole('tab', { name: /Evidence/ }).click();
  const results = page.getByRole('tabpanel');
  await expect(results.locator('.check-score')).toContainText(/Passed\s*\d+\/\d+/);
  await expect(results.locator('.check')).toHaveCount(19);
  // Nothing of this deliverable failed, and its criteria were answered by who did not build it.
  await expect(results.locator('.check.failed')).toHaveCount(0);
  await results.getByText('The new tests fail without the change', { exact: true }).click();
  await expect(results.getByRole('region', { name: /Evidence of The new tests/ })).toContainText('fail');
  await results.getByText('Each acceptance criterion is addressed by a reviewer', { exact: true }).click();
  await expect(results.getByText(/answered by the reviewer in/)).toBeVisible();
  await expect(results.getByText('Harness ran').filter({ visible: true }).first()).toBeVisible();
  await expectAccessible(page, 'The checks');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download as archive' }).click();
  expect((await download).suggestedFilename()).toBe('proof-4001.zip');
  await expectAccessible(page, 'The evidence');
  await page.getByRole('tab', { name: /Prompt/ }).click();
  await expect(page.getByRole('tabpanel')).toContainText('Exactly as sent, secrets masked');
  await page.getByRole('tabpanel').getByText('Acceptance criteria').click();
  await expect(page.getByRole('region', { name: 'Text of Acceptance criteria' })).toContainText(
    '<data kind="criteria">',
  );
  await expectAccessible(page, 'The prompt');
  await page.getByRole('tab', { name: /Cost/ }).click();
  await expect(page.getByRole('tabpanel', { name: /Cost/ })).toContainText(
    /Expected, by|A guess by its limits/,
  );
  await expect(page.getByRole('tabpanel')).toContainText('Model calls');
  await expectAccessible(page, 'The cost');
  await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('Routed to');
});

test('finds the way by keyboard', async () => {
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await expect(page).toHaveURL('/pipelines');
  await expect(page.getByRole('link', { name: /Bento/ }).first()).toBeVisible();
  await expectAccessible(page, 'The list of pipelines');
  await page.keyboard.press('/');
  await page.getByPlaceholder('Search tasks, or type a command').fill('4001');
  await expect(page.getByRole('option').filter({ hasText: '#4001' })).toBeVisible();
  await expectAccessible(page, 'The palette');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/tasks/4001');
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await expect(page.getByRole('heading', { name: 'Nothing needs you.' })).toBeVisible();
  await expectAccessible(page, 'The empty queue');
  await page.keyboard.press('g');
  await page.keyboard.press('b');
  await expect(column('Done').locator('.card')).toHaveCount(6);
});

test('reads it all on a phone', async ({ browser, factory }) => {
  const phone = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    storageState: factory.session,
  });
  const small = await phone.newPage();
  for (const [path, name] of [
    ['/', 'The board'],
    ['/queue', 'The queue'],
    ['/pipelines', 'The pipelines'],
    ['/tasks/4001', 'The task'],
    ['/pipelines/1', 'The pipeline'],
  ] as const) {
    await small.goto(path);
    await small.waitForTimeout(800);
    await expectAccessible(small, `${name} on a phone`);
    const wide = await small.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, `${name} fits`).toBeLessThanOrEqual(390);
  }
  await phone.close();
});
