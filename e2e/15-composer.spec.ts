import { expect, type Page } from '@playwright/test';
import { commitsOf } from './repository.ts';
import { expectAccessible, onePage, test } from './story.ts';

let repository: string;

let page: Page;
onePage((one) => {
  page = one.page;
});

const card = (title: string | RegExp) => page.locator('.card').filter({ hasText: title });
const column = (name: string) => page.getByRole('region', { name, exact: true });
const undo = () => page.getByRole('button', { name: 'Undo', exact: true });

test('writes a task for his own repository, and sees the route before saving', async ({ factory }) => {
  repository = factory.repository('corner-shop');
  await page.goto('/');
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
  await expect(column('Inbox').locator('.card').filter({ hasText: 'by weight' })).toHaveCount(2);
  await expect(column('Inbox')).toContainText('Needs a project');
});

const needsYou = (title: string) => column('Needs you').locator('.card').filter({ hasText: title });

test('is asked before any agent sees a regulated task, and takes the answer back', async () => {
  await page.goto('/');
  await page.keyboard.press('c');
  const composer = page.getByRole('form', { name: 'New tasks' });
  const project = composer.getByLabel('Project');
  // Until the projects have come, the first choice is a folder that nobody has named.
  await expect(project.locator('option').nth(2)).toBeAttached();
  await project.selectOption({ index: 0 });
  await composer.getByLabel('Task 1', { exact: true }).fill('Approve the PSD2 go-live in Sweden');
  await expect(composer.locator('.route')).toContainText('You first');
  await composer.getByRole('button', { name: 'Add 1 task' }).click();
  await page.mouse.move(2, 2);
  await needsYou('go-live in Sweden').click();
  await expect(page).toHaveURL(/\/queue\?decision=/);
  await expect(page.getByText('Why you')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Approve/ })).toContainText('Lets agents start');
  await expectAccessible(page, 'The decision');

  await page.keyboard.press('a');
  await expect(undo()).toBeVisible();
  await expectAccessible(page, 'The undo');
  await page.keyboard.press('u');
  const list = page.getByRole('navigation', { name: 'Human queue' });
  await expect(list.locator('.item:not(.old)').filter({ hasText: 'go-live in Sweden' })).toBeVisible();
});

test('approves one, and rejects another with a reason, which cancels it', async ({ factory }) => {
  test.setTimeout(90_000);
  await page.goto('/');
  await needsYou('go-live in Sweden').click();
  await page.getByRole('button', { name: /^Approve/ }).click();
  await expect(undo()).toBeVisible();

  await factory.add([{ title: 'Approve the PSD2 go-live in Norway' }]);
  await page.goto('/');
  await card('go-live in Norway').click();
  await expect(page.getByRole('button', { name: /^Reject/ })).toBeEnabled();
  await page.keyboard.press('r');
  await expect(page.getByText('reject needs a reason')).toBeVisible();
  await page.getByRole('button', { name: 'Not now', exact: true }).click();
  await page.getByRole('button', { name: /^Reject/ }).click();
  await expect(undo()).toBeVisible();

  await page.goto('/');
  // The pointer must not rest on the board: what is under it does not move.
  await page.mouse.move(2, 2);
  // Ten seconds later an answer takes effect: agents begin, or nobody ever does.
  const rejected = column('Done').locator('.card').filter({ hasText: 'go-live in Norway' });
  await expect(rejected).toContainText('Cancelled', { timeout: 30_000 });
  const approved = card('go-live in Sweden');
  await expect(approved).toHaveCount(1);
  await expect(needsYou('go-live in Sweden')).toHaveCount(0);
  // What agents do with it is told elsewhere.
  const id = Number(await approved.getAttribute('data-task'));
  // A quick machine may be done with it.
  await factory.change('tasks.cancel', { id, reason: 'Seen to begin' }).catch(() => {});
});

test('finds the accepted work in his own folder', async () => {
  test.setTimeout(150_000);
  await expect(column('Done').locator('.card').filter({ hasText: 'quantity discount' })).toBeVisible({
    timeout: 120_000,
  });
  // It comes back by itself, because he has nothing uncommitted there.
  await expect.poll(() => commitsOf(repository).length, { timeout: 30_000 }).toBeGreaterThan(1);
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
