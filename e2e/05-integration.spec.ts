import { readdirSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { commitsOf } from './repository.ts';
import { expectAccessible, onePage, test } from './story.ts';

let repository: string;
let task: string;

let page: Page;
onePage((one) => {
  page = one.page;
});
test.beforeAll(({ factory }) => {
  repository = factory.repository('minion-shop');
});

const card = (title: string) => page.locator('.card').filter({ hasText: title });
const side = () => page.getByRole('region', { name: 'Task', exact: true });

test('sends one minion from the composer, and its branch waits for him', async () => {
  test.setTimeout(120_000);
  await page.goto('/');
  await page.keyboard.press('c');
  const composer = page.getByRole('form', { name: 'New tasks' });
  await composer.getByLabel('Project').selectOption({ label: 'A folder or an address' });
  await composer.getByLabel('Folder or address of the repository').fill(repository);
  await composer.getByLabel('Task 1', { exact: true }).fill('Add a note about apples');
  await composer.getByLabel('One minion, no reviews').check();
  await expectAccessible(page, 'The composer with a minion');
  await composer.getByRole('button', { name: 'Add 1 task' }).click();
  await expect(card('note about apples')).toContainText('Merge or discard', { timeout: 90_000 });
  expect(commitsOf(repository)).toEqual(['A corner shop']);
  await card('note about apples').click();
  await expect(page.getByRole('heading', { name: /Merge its branch/ })).toBeVisible();
  await expectAccessible(page, 'The question of a minion');
  await page
    .getByRole('link', { name: /^#\d+$/ })
    .first()
    .click();
  await expect(page).toHaveURL(/\/tasks\/\d+/);
  task = page.url();
  await expect(side()).toContainText('One worktree, no reviews');
  await expectAccessible(page, 'A minion');
});

test('sends it back with a comment on a line; the next BUILD is given the comment', async () => {
  test.setTimeout(120_000);
  await page.getByRole('button', { name: 'Comment on line 1', exact: true }).first().click();
  await page.getByRole('textbox', { name: /Comment on line 1 of/ }).fill('Say which apples');
  await page.getByRole('button', { name: 'Keep comment' }).click();
  await expectAccessible(page, 'A comment on a line');
  await page.getByRole('button', { name: 'Send back: 1 comment' }).click();
  await expect(page.getByText(/Sent back: #\d+ mends it/)).toBeVisible();
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(page).not.toHaveURL(task);
  await expect(side()).toContainText('BUILD, cycle 1');
  await expect(side()).toContainText('Mend: Add a note about apples');
  await page.goto('/');
  await expect(card('note about apples')).toContainText('Merge or discard', { timeout: 90_000 });
});

test('merges its branch, and takes it back with a commit that has passed its own checks', async () => {
  test.setTimeout(120_000);
  await page.goto(task);
  await page.getByRole('button', { name: 'Merge its branch' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Nobody reviewed it');
  await dialog.getByRole('button', { name: 'Merge its branch' }).click();
  await expect(side()).toContainText(/Merged.* on main/, { timeout: 60_000 });
  await expect.poll(() => readdirSync(repository)).toContain('docs');

  await page.getByRole('button', { name: 'Revert' }).click();
  await dialog.getByLabel('Reason').fill('Not what I meant');
  await dialog.getByRole('button', { name: 'Revert' }).click();
  await expect(side()).toContainText(/Reverted by .* as [0-9a-f]{7}/, { timeout: 60_000 });
  await expectAccessible(page, 'A reverted task');
  await expect.poll(() => commitsOf(repository)[0]).toMatch(/^Revert #\d+: Add a note about apples/);
  expect(readdirSync(repository)).not.toContain('docs');
  await side()
    .getByRole('link', { name: /^#\d+$/ })
    .last()
    .click();
  await expect(page.getByRole('log')).toContainText('Gates and checks run on main without');
  await page.getByRole('tab', { name: /Evidence/ }).click();
  await expect(page.getByText('of those that apply')).toBeVisible();
});
