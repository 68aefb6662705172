import { expect, type Page } from '@playwright/test';
import { expectAccessible, onePage, test } from './story.ts';

let page: Page;
onePage((one) => {
  page = one.page;
});

const budgets = () => page.getByRole('region', { name: 'Budgets' });

test('a budget stops work before it starts, asks once, and lets it go on when it is given more', async ({
  factory,
}) => {
  test.setTimeout(150_000);
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await expect(page).toHaveURL('/spend');
  await expect(page.getByText(/of €15.00 today/)).toBeVisible();
  await expect(budgets().getByText('Safe default').first()).toBeVisible();
  await expectAccessible(page, 'Spending');

  await budgets().getByRole('button', { name: 'Change the budget of today' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Euro').fill('much');
  await expect(dialog.getByRole('alert')).toContainText('for example 12.50');
  await dialog.getByLabel('Euro').fill('0');
  await expect(dialog).toContainText('Nothing that costs something is started any more');
  await expectAccessible(page, 'A budget');
  await dialog.getByRole('button', { name: 'Allow €0.00' }).click();
  await expect(dialog).toBeHidden();

  await factory.add([{ title: 'Add a discount to the price module', minion: true }]);
  await expect(page.getByText(/\d+ tasks? waits? for money\./)).toBeVisible({ timeout: 30_000 });
  await page.getByRole('link', { name: 'Answer it in the queue' }).click();
  const question = page.getByRole('button', { name: /The budget of today is used up/ }).first();
  await question.click();
  // Work of other stories may wait for it, too.
  await expect(page.getByText(/\d+ tasks? that waits? goe?s? on/).first()).toBeVisible();
  await page
    .getByRole('button', { name: /^Raise/ })
    .first()
    .click();

  await page.goto('/');
  const card = page.getByRole('link').filter({ hasText: 'Add a discount to the price module' }).first();
  await expect(card).toContainText(/Done|Building|Reviewing|Working|Auditing|Merg/, { timeout: 60_000 });

  await page.goto('/spend');
  await budgets().getByRole('button', { name: 'Change the budget of today' }).click();
  await page.getByRole('button', { name: 'Back to €15.00' }).click();
  await expect(page.getByText(/of €16.00 today/)).toBeVisible();
});

test('spending is divided as one asks, and fits a phone', async ({ browser, factory }) => {
  await page.getByRole('button', { name: 'Tier', exact: true }).click();
  await expect(page.getByRole('table', { name: 'Spent by tier' })).toContainText('Tier');
  const phone = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    storageState: factory.session,
  });
  const small = await phone.newPage();
  await small.goto('/spend');
  await expect(small.getByRole('region', { name: 'Budgets' })).toBeVisible();
  await expectAccessible(small, 'Spending on a phone');
  expect(await small.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await phone.close();
});
