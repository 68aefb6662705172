import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@playwright/test';
import { test } from './story.ts';

test.use({ signedIn: true });

/** Ends the web process as a crash would; the supervisor starts it again. */
function killWeb(home: string): void {
  const file = path.join(home, 'run/processes/web.json');
  process.kill((JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid, 'SIGKILL');
}

test('two tabs share one stream, and the second takes over when the first is closed', async ({ context }) => {
  let streams = 0;
  context.on('request', (r) => {
    if (r.url().includes('/api/events')) streams++;
  });
  const first = await context.newPage();
  await first.goto('/');
  await expect(first.locator('.strip')).toContainText(/Live \d/);
  const second = await context.newPage();
  await second.goto('/pipelines');
  await expect(second.locator('.strip')).toContainText(/Live \d/);
  expect(streams).toBe(1);
  await first.close();
  await expect.poll(() => streams).toBe(2);
  await expect(second.locator('.strip')).toContainText(/Live \d/);
});

test('a decision lands although the web dies during the ten seconds, and the page says so meanwhile', async ({
  page,
  factory,
}) => {
  test.setTimeout(90_000);
  await factory.add([{ title: 'Approve the PSD2 go-live in Denmark' }]);
  await page.goto('/');
  await page.locator('a.card').filter({ hasText: 'go-live in Denmark' }).click();
  await page.getByRole('button', { name: 'Not now', exact: true }).click();
  // Undo is offered at once; the web may die only when it has the answer.
  const taken = page.waitForResponse((r) => r.url().includes('queue.decide') && r.ok());
  await page.getByRole('button', { name: /^Reject/ }).click();
  await taken;
  await expect(page.getByRole('button', { name: 'Undo', exact: true })).toBeVisible();

  killWeb(factory.home);
  await expect(page.locator('.strip')).toContainText('Live paused, data from');
  await expect(page.locator('.strip')).toContainText(/Live \d/, { timeout: 30_000 });
  const list = page.getByRole('navigation', { name: 'Human queue' });
  await expect(list.getByRole('button').filter({ hasText: 'go-live in Denmark: rejected' })).toContainText(
    'CEO: “Not now”',
    {
      timeout: 30_000,
    },
  );
});
