import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from '@playwright/test';

export const launch = (): Promise<Browser> => {
  const own = chromium.executablePath();
  return chromium.launch({
    executablePath: existsSync(own) ? own : (process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
};

export const quantile = (values: number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
};

/** Signs in and shows the board. */
export async function openBoard(browser: Browser, link: string): Promise<{ page: Page }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(() => {
    const seen: number[] = [];
    Object.assign(window, { alaiInteractions: seen });
    // What the browser itself says an interaction took, from the input to the next frame.
    new PerformanceObserver((list) => {
      for (const e of list.getEntries() as (PerformanceEntry & { interactionId?: number })[])
        if (e.interactionId) seen.push(e.duration);
    }).observe({ type: 'event', durationThreshold: 16, buffered: true } as PerformanceObserverInit);
  });
  await page.goto(link);
  await page.waitForURL((u) => !u.pathname.startsWith('/sign-in'));
  await page.goto(new URL('/', link).href);
  await page.locator('.card').first().waitFor({ timeout: 60_000 });
  return { page };
}

/** Clicks, types and walks the board as a person does. Answers with what each interaction took, in ms; quicker than 16 counts as 16. */
export async function useBoard(page: Page): Promise<number[]> {
  await page.waitForTimeout(1_000);
  let made = 0;
  const press = async (key: string) => {
    made++;
    await page.keyboard.press(key);
    await page.waitForTimeout(40);
  };
  for (let round = 0; round < 4; round++) {
    await press('c');
    for (const letter of 'Change the price of meals') await press(letter === ' ' ? 'Space' : letter);
    await press('Escape');
    await page.locator('h1').click();
    made++;
    await press('/');
    for (const letter of 'deliverable 99') await press(letter === ' ' ? 'Space' : letter);
    await press('ArrowDown');
    await press('Escape');
    for (let i = 0; i < 6; i++) {
      await page.locator('[data-column="queued"] .cards').hover();
      await page.mouse.wheel(0, 900);
      await page.waitForTimeout(60);
    }
    await press('Tab');
    await press('Tab');
  }
  await page.waitForTimeout(500);
  const seen = await page.evaluate(
    () => (window as unknown as { alaiInteractions: number[] }).alaiInteractions,
  );
  return [...seen, ...Array.from({ length: Math.max(0, made - seen.length) }, () => 16)];
}
