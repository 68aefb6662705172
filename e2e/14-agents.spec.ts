import { expect, type Page } from '@playwright/test';
import { expectAccessible, onePage, test } from './story.ts';

let page: Page;
onePage((one) => {
  page = one.page;
});

test('one agent is asked one thing on the fleet page, and no task comes of it', async () => {
  await page.goto('/fleet');
  await page.getByRole('button', { name: 'Ask one agent' }).click();
  const dialog = page.getByRole('dialog', { name: 'Ask one agent' });
  await expect(dialog.getByLabel('Agent')).toContainText('qwen3:8b on FORGE');
  await expect(dialog.locator('.abilities')).toContainText('implementer');
  await dialog.getByLabel('Prompt').fill('What is 17 × 23?');
  await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect(dialog.locator('.trial-text')).toContainText('You said: What is 17 × 23?', {
    timeout: 30_000,
  });
  await expect(dialog.locator('.trial')).toContainText('Scripted. No model was called.');
  await expect(dialog.locator('.trial')).toContainText('€');
  await dialog.getByText('cannot be asked').click();
  await expect(dialog.getByRole('listitem').filter({ hasText: 'bge-m3' }).first()).toContainText('vectors');
  await expectAccessible(page, 'Ask one agent');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});
