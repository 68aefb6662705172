import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { commitsOf, makeRepository } from './repository.ts';
import { expectAccessible, factory, session, watchErrors } from './story.ts';

test.describe.configure({ mode: 'serial' });

let context: BrowserContext;
let page: Page;
let errors: string[];

test.beforeAll(async ({ browser }) => {
  context = await browser.newContext({ reducedMotion: 'reduce' });
  page = await context.newPage();
  errors = watchErrors(page);
});
test.afterEach(() => {
  expect(errors).toEqual([]);
});
test.afterAll(() => context.close());

const card = (title: string | RegExp) => page.locator('.card').filter({ hasText: title });
const column = (name: string) => page.getByRole('region', { name, exact: true });

test('signs in with the one-time link and sees an empty board', async () => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByRole('heading', { name: 'Sign in with your link.' })).toBeVisible();
  await expectAccessible(page, 'The sign-in');

  await page.goto(factory().link);
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('heading', { name: 'Nothing is running yet.' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run the Bento sample' })).toBeVisible();
  await expect(page.locator('.strip')).toContainText('FORGE');
  await expect(page.locator('.strip')).toContainText('ANVIL');
  await expect(page.locator('.strip')).toContainText('Live');
  await expectAccessible(page, 'The empty board');
  await context.storageState({ path: session });
});

test('cannot use the link twice', async ({ browser }) => {
  const other = await browser.newContext();
  const second = await other.newPage();
  await second.goto(factory().link);
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

test('writes a task for his own repository, sees the route before saving, and watches it', async () => {
  test.setTimeout(150_000);
  const repository = makeRepository(mkdtempSync(path.join(factory().home, 'corner-shop-')));
  await page.keyboard.press('c');
  const composer = page.getByRole('form', { name: 'New tasks' });
  await composer.getByLabel('Project').selectOption({ label: 'A folder or an address' });
  await composer.getByLabel('Folder or address of the repository').fill(repository);
  await composer.getByLabel('Task 1', { exact: true }).fill('Add a quantity discount to the price module');
  const route = composer.locator('.route');
  await expect(route).toContainText(/ · T\d/);
  await expect(composer.getByRole('status')).toContainText(/points|Tier|Blueprint/);
  await expectAccessible(page, 'The composer');
  await expect(card('quantity discount')).toHaveCount(0);
  await composer.getByRole('button', { name: 'Add 1 task' }).click();
  await expect(composer).toBeHidden();
  await expect(card('quantity discount')).toHaveCount(1);
  // The pointer must not rest on the board: what is under it does not move.
  await page.mouse.move(2, 2);
  await expect(column('Done').locator('.card').filter({ hasText: 'quantity discount' })).toBeVisible({
    timeout: 120_000,
  });
  // Accepted work comes back to his own folder, because he has nothing uncommitted there.
  await expect.poll(() => commitsOf(repository).length, { timeout: 30_000 }).toBeGreaterThan(1);
});

test('is told what is wrong with a folder, and nothing is saved', async () => {
  await page.keyboard.press('c');
  const composer = page.getByRole('form', { name: 'New tasks' });
  await composer.getByLabel('Project').selectOption({ label: 'A folder or an address' });
  await composer.getByLabel('Folder or address of the repository').fill('/nowhere/at/all');
  await composer.getByLabel('Task 1', { exact: true }).fill('Paint the fence');
  await composer.getByRole('button', { name: 'Add 1 task' }).click();
  await expect(composer.getByRole('status')).toContainText(/no folder \/nowhere\/at\/all/i);
  await expect(card('Paint the fence')).toHaveCount(0);
  await page.keyboard.press('Escape');
});

test('pastes a list, and it becomes rows with a dependency', async () => {
  await page.keyboard.press('c');
  const composer = page.getByRole('form', { name: 'New tasks' });
  await composer.getByLabel('Project').selectOption({ label: 'None yet, keep in the Inbox' });
  await composer.getByLabel('Task 1', { exact: true }).focus();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text', '- Apples by weight\n2. Pears by weight\n[ ] ignored?\n');
    document.activeElement?.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    );
  });
  await expect(composer.getByLabel('Task 2', { exact: true })).toHaveValue('Pears by weight');
  await composer.getByRole('button', { name: 'Remove task 3' }).click();
  await composer.getByLabel('Task 2', { exact: true }).focus();
  await composer.getByLabel('After').fill('7');
  await expect(composer.getByRole('status')).toContainText('neither a line of this list');
  await composer.getByLabel('After').fill('1');
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(column('Inbox').locator('.card')).toHaveCount(2);
  await expect(column('Inbox')).toContainText('Needs a project');
});

async function hold(title: string): Promise<void> {
  await page.goto('/');
  await page.keyboard.press('c');
  const composer = page.getByRole('form', { name: 'New tasks' });
  const project = composer.getByLabel('Project');
  // Until the projects have come, the first choice is a folder that nobody has named.
  await expect(project.locator('option').nth(2)).toBeAttached();
  await project.selectOption({ index: 0 });
  await composer.getByLabel('Task 1', { exact: true }).fill(title);
  await expect(composer.locator('.route')).toContainText('You first');
  await composer.getByRole('button', { name: 'Add 1 task' }).click();
  await page.mouse.move(2, 2);
  await expect(column('Needs you').locator('.card').filter({ hasText: title })).toBeVisible();
}

test('is asked before any agent sees a regulated task; takes the answer back; then approves', async () => {
  test.setTimeout(120_000);
  await hold('Approve the PSD2 go-live');
  await card('PSD2 go-live').click();
  await expect(page).toHaveURL(/\/queue\?decision=/);
  await expect(page.getByText('Why you')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Approve/ })).toContainText('Lets agents start');
  await expectAccessible(page, 'The decision');

  await page.keyboard.press('a');
  const undo = page.getByRole('button', { name: 'Undo', exact: true });
  await expect(undo).toBeVisible();
  await page.keyboard.press('u');
  await expect(page.getByRole('navigation', { name: 'Human queue' })).toContainText('Needs you 1');

  await page.goto('/queue');
  await expect(page.getByRole('button', { name: /^Approve/ })).toBeEnabled();
  await page.getByRole('button', { name: /^Approve/ }).click();
  await expect(undo).toBeVisible();
  await expectAccessible(page, 'The undo');
  await page.goto('/');
  await page.mouse.move(2, 2);
  // Ten seconds later it takes effect, and agents begin.
  await expect(column('Needs you').locator('.card').filter({ hasText: 'PSD2' })).toHaveCount(0, {
    timeout: 30_000,
  });
  await expect(card('PSD2 go-live')).toHaveCount(1);
});

test('rejects another one with a reason, which cancels it', async () => {
  test.setTimeout(90_000);
  await hold('Approve the PSD2 go-live in Norway');
  await card('go-live in Norway').click();
  await expect(page.getByRole('button', { name: /^Reject/ })).toBeEnabled();
  await page.keyboard.press('r');
  await expect(page.getByText('reject needs a reason')).toBeVisible();
  await page.getByRole('button', { name: 'Not now', exact: true }).click();
  await page.getByRole('button', { name: /^Reject/ }).click();
  await expect(page.getByRole('button', { name: 'Undo', exact: true })).toBeVisible();
  await page.goto('/');
  await page.mouse.move(2, 2);
  await expect(column('Done').locator('.card').filter({ hasText: 'go-live in Norway' })).toContainText(
    'Cancelled',
    {
      timeout: 30_000,
    },
  );
});

test('stops the factory and lets it go on', async () => {
  await page.keyboard.press('/');
  await page.getByPlaceholder('Search tasks, or type a command').fill('stop the');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The factory is stopped.')).toBeVisible();
  await expectAccessible(page, 'The stopped board');
  await page.getByRole('button', { name: 'Resume the factory' }).click();
  await expect(page.getByText('The factory is stopped.')).toBeHidden();
});

test('decides on a phone', async ({ browser }) => {
  const phone = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    storageState: session,
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
