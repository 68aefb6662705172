import { expect, type Page } from '@playwright/test';
import { expectAccessible, onePage, test } from './story.ts';

let page: Page;
onePage((one) => {
  page = one.page;
});

const host = (name: 'FORGE' | 'ANVIL') => page.getByRole('region', { name, exact: true });
const model = (on: 'FORGE' | 'ANVIL', name: string) =>
  host(on).getByRole('listitem').filter({ hasText: name });

async function steer(act: string, name: 'FORGE' | 'ANVIL', reason = ''): Promise<void> {
  await host(name)
    .getByRole('button', { name: `${act} ${name}` })
    .click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(act === 'Resume' ? 'takes work again' : 'Nothing new starts');
  if (reason) await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByRole('button', { name: `${act} ${name}` }).click();
  await expect(dialog).toBeHidden();
}

test('a paused fleet says who paused it and what waits for it, and goes on when it is resumed', async ({
  factory,
}) => {
  test.setTimeout(120_000);
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await expect(page).toHaveURL('/fleet');
  await expect(host('FORGE')).toContainText('Memory');
  await expect(
    host('ANVIL')
      .getByText(/is free/)
      .first(),
  ).toBeVisible();
  await expectAccessible(page, 'The fleet');
  for (const name of ['FORGE', 'ANVIL'] as const) {
    await steer('Pause', name, 'the fan is loud');
    await expect(host(name)).toContainText('Paused');
    await expect(host(name)).toContainText('the fan is loud');
  }

  // Its model takes three seconds for each answer: it is still at work when both hosts were resumed.
  const title = 'Add a closing time to the price module [fault: slow]';
  const { taskIds } = await factory.add([{ title, minion: true }]);
  const waiting = page.getByRole('link').filter({ hasText: 'closing time' });
  await expect(waiting).toContainText('which is paused');
  await expectAccessible(page, 'The paused fleet');
  await steer('Resume', 'ANVIL');
  await steer('Resume', 'FORGE');
  await expect(page.locator('a.slot').filter({ hasText: 'closing time' })).toContainText('lease', {
    timeout: 30_000,
  });
  await factory.change('tasks.cancel', { id: taskIds[0], reason: 'Seen to begin' });
});

test('a pull goes on through a reload of the page; what cannot fit or is not there says so', async () => {
  test.setTimeout(120_000);
  await page.goto('/fleet');
  await host('FORGE').getByLabel('Model to pull to FORGE').fill('llama3.1:405b');
  await host('FORGE').getByRole('button', { name: 'Pull', exact: true }).click();
  const bar = host('FORGE').getByRole('progressbar', { name: 'Pulling llama3.1:405b' });
  await expect.poll(async () => Number(await bar.getAttribute('value'))).toBeGreaterThan(0);
  // At once: it takes fifteen seconds in all, however slow the browser is.
  await page.reload();
  await expect(bar).toBeVisible();
  await expect(model('FORGE', 'llama3.1:405b')).toContainText('of 251 GB');
  await expectAccessible(page, 'A pull');

  // The same model on the smaller machine: its size is known only once it comes.
  await host('ANVIL').getByLabel('Model to pull to ANVIL').fill('llama3.1:405b');
  await page.keyboard.press('Enter');
  await expect(model('ANVIL', 'llama3.1:405b')).toContainText('ANVIL has 96 GB of memory', {
    timeout: 15_000,
  });
  await host('ANVIL').getByLabel('Model to pull to ANVIL').fill('missing:1b');
  await page.keyboard.press('Enter');
  await expect(model('ANVIL', 'missing:1b')).toContainText('Not pulled', { timeout: 15_000 });

  await expect(model('FORGE', 'llama3.1:405b')).toContainText('Pulled', { timeout: 60_000 });
  await page.getByRole('button', { name: 'Remove llama3.1:405b from FORGE' }).click();
  await expect(page.getByRole('dialog')).toContainText('Frees 251 GB of disk. No tier needs it.');
  await page.getByRole('button', { name: 'Remove llama3.1:405b', exact: true }).click();
  await expect(model('FORGE', 'llama3.1:405b')).toHaveCount(0, { timeout: 15_000 });
});

test('a pull that was a mistake is cancelled', async () => {
  await host('FORGE').getByLabel('Model to pull to FORGE').fill('mixtral:300b');
  await page.keyboard.press('Enter');
  await host('FORGE').getByRole('button', { name: 'Cancel: Pulling mixtral:300b' }).click();
  await expect(model('FORGE', 'mixtral:300b')).toHaveCount(0, { timeout: 15_000 });
});

test('the kill switch wants a word that is typed', async () => {
  await page.getByRole('button', { name: 'Kill switch' }).click();
  const dialog = page.getByRole('dialog');
  const stop = dialog.getByRole('button', { name: 'Stop the factory' });
  await expect(stop).toBeDisabled();
  await dialog.getByLabel(/Type stop/).fill('stop');
  await expectAccessible(page, 'The kill switch');
  await stop.click();
  await expect(page.getByText('The factory is stopped.')).toBeVisible();
  await page.getByRole('button', { name: 'Resume the factory' }).click();
  await expect(page.getByText('The factory is stopped.')).toBeHidden();
});

test('the fleet fits a phone', async ({ browser, factory }) => {
  const phone = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    storageState: factory.session,
  });
  const small = await phone.newPage();
  await small.goto('/fleet');
  await expect(small.getByRole('region', { name: 'FORGE', exact: true })).toBeVisible();
  await expectAccessible(small, 'The fleet on a phone');
  expect(await small.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await phone.close();
});
