import { expect, type Page } from '@playwright/test';
import { expectAccessible, onePage, test } from './story.ts';

let page: Page;
onePage((one) => {
  page = one.page;
});

test('a sentence is tried against the rails before anybody writes it as a task', async ({ factory }) => {
  await factory.add([{ title: 'Approve the PSD2 go-live in Finland' }]);
  await page.goto('/settings/safety');
  await page.getByLabel('Sentence to try').fill('Transfer 5000 EUR to the supplier');
  await expect(page.getByText('Held by money-movement')).toBeVisible();
  await page.getByLabel('Sentence to try').fill('Rename a variable');
  await expect(page.getByText('Agents may start on it')).toBeVisible();
});

test('a rail shows what it would hold before it is saved, and counts from then on', async () => {
  await page.getByRole('button', { name: 'New rail' }).click();
  const form = page.getByRole('form', { name: 'New rail' });
  await form.getByLabel('Name').fill('Newsletter');
  await form.getByLabel('Why only you').fill('What we send is mine.');
  await form.getByLabel('Phrases that hold').fill('newsletter*\nnyhetsbrev*');
  await expect(form.getByRole('status')).toContainText('this rail holds');
  await expectAccessible(page, 'A rail in the making');
  await form.getByRole('button', { name: 'Add the rail' }).click();
  await expect(page.getByRole('button', { name: 'Change Newsletter' })).toBeVisible();
  await page.getByLabel('Sentence to try').fill('Send ut nyhetsbrevet');
  await expect(page.getByText('Held by Newsletter')).toBeVisible();
  await page.getByRole('button', { name: 'Change Newsletter' }).click();
  await page.getByRole('button', { name: 'Remove the rail' }).click();
  await expect(page.getByRole('button', { name: 'Change Newsletter' })).toHaveCount(0);
});

test('what agents ask before they do it is set for everybody or for one project', async () => {
  const publish = page.getByLabel('An agent that makes something public');
  await publish.selectOption('never');
  await expect(page.getByText('set by CEO')).toBeVisible();
  await page.reload();
  await expect(publish).toHaveValue('never');
  await publish.selectOption('ask');
  await expectAccessible(page, 'The safety rails');
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.setViewportSize({ width: 1440, height: 900 });
});
