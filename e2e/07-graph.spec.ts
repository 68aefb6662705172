import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { expectAccessible, onePage, test } from './story.ts';

test.use({ signedIn: true });

let page: Page;
onePage((one) => {
  page = one.page;
});

const nodes = () => page.locator('.dag-node');
const travel = () => page.getByRole('group', { name: 'Time travel' });

test('the graph travels to the past of a pipeline and back', async ({ factory }) => {
  test.setTimeout(180_000);
  const { pipelineId } = await factory.add([
    { key: 'schema', title: 'Write down the schema of the shop' },
    { title: 'Add a page that shows the prices', dependsOn: ['schema'] },
  ]);
  await page.goto(`/pipelines/${pipelineId}`);
  await expect(nodes().filter({ hasText: 'Built' }).first()).toBeVisible({ timeout: 120_000 });

  const slider = travel().getByRole('slider', { name: 'Moment' });
  // While work goes on the page is drawn anew now and then; a key that falls into that moment is pressed again.
  await expect(async () => {
    await slider.focus();
    await slider.press('Home');
    await expect(travel()).toContainText('not live', { timeout: 1_000 });
  }).toPass({ timeout: 15_000 });
  await expect(
    nodes()
      .filter({ hasText: /^(?!.*Built).*$/ })
      .first(),
  ).toBeVisible();
  await expect(nodes().filter({ hasText: 'Built' })).toHaveCount(0);
  // Any moment has its address.
  await expect(page).toHaveURL(/[?&]t=\d+/);
  await page.reload();
  await expect(travel()).toContainText('not live');
  await expect(nodes().filter({ hasText: 'Built' })).toHaveCount(0);

  await page.keyboard.press('.');
  await expect(travel()).toContainText(/moments? of \d+/);
  await expectAccessible(page, 'A past moment');
  await travel().getByRole('button', { name: 'Live', exact: true }).click();
  await expect(page).not.toHaveURL(/[?&]t=/);
  await expect(nodes().filter({ hasText: 'Built' }).first()).toBeVisible();
});

test('the graph finds, folds, lists and saves', async () => {
  await page.keyboard.press('/');
  const find = page.getByRole('combobox', { name: 'Find in this pipeline' });
  await expect(find).toBeFocused();
  await find.fill('schema');
  await find.press('Enter');
  await expect(page.getByRole('complementary', { name: /Task \d+/ })).toContainText(/schema/i);

  await page.keyboard.press('x');
  await expect(page.getByRole('button', { name: 'Unfold chain' })).toBeVisible();
  await page.keyboard.press('x');
  const before = await nodes().count();
  await page.getByRole('combobox', { name: 'Chains' }).selectOption('all');
  await expect.poll(() => nodes().count()).toBeLessThan(before);
  await expect(page).toHaveURL(/fold=all/);
  await page.getByRole('combobox', { name: 'Chains' }).selectOption('none');

  await page.getByRole('button', { name: 'List', exact: true }).click();
  const table = page.getByRole('region', { name: 'Tasks of this pipeline' }).getByRole('table');
  await expect(table.getByRole('rowheader').first()).toBeVisible();
  await expectAccessible(page, 'The list of a pipeline');
  await page.getByRole('button', { name: 'List', exact: true }).click();

  await page.getByRole('button', { name: 'Critical path', exact: true }).click();
  await expect(page.getByText(/Critical path, .* in \d+ steps?/)).toBeVisible();
  await expectAccessible(page, 'The critical path');

  for (const kind of ['SVG', 'PNG']) {
    await page.getByRole('button', { name: 'Picture', exact: true }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: `Save as ${kind}` }).click();
    const file = readFileSync(await (await download).path());
    if (kind === 'SVG') expect(file.toString()).toContain('<svg');
    else expect(file.subarray(1, 4).toString()).toBe('PNG');
  }
});

test('a node of the graph is skipped with a reason', async ({ factory }) => {
  // The first waits for him, and so does the second behind it.
  const { pipelineId } = await factory.add([
    { key: 'bank', title: 'Approve the PSD2 go-live in Estonia' },
    { title: 'Tell the newspapers', dependsOn: ['bank'] },
  ]);
  await page.goto(`/pipelines/${pipelineId}`);
  await nodes()
    .filter({ hasText: /After #/ })
    .last()
    .click();
  const inspector = page.getByRole('complementary', { name: /Task \d+/ });
  await inspector.getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Skip', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Skip it' })).toBeDisabled();
  await dialog.getByLabel('Reason').fill('Not needed this time');
  await expectAccessible(page, 'The question before a skip');
  await dialog.getByRole('button', { name: 'Skip it' }).click();
  await expect(inspector).toContainText('Skipped');
});

test('the graph fits a phone, and reads without one', async ({ browser, factory }) => {
  const phone = await browser.newContext({
    storageState: factory.session,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const small = await phone.newPage();
  // Without the chosen node: its sheet would cover the tools.
  await small.goto(new URL(page.url()).pathname);
  await expect(small.locator('.dag-node').first()).toBeVisible();
  const wide = await small.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide).toBeLessThanOrEqual(0);
  await small.getByRole('button', { name: 'List', exact: true }).tap();
  await small.getByRole('rowheader').first().getByRole('button').tap();
  await expect(small.getByRole('complementary', { name: /Task \d+/ })).toBeVisible();
  await expectAccessible(small, 'A pipeline on a phone');
  await phone.close();
});
