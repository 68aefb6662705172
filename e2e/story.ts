import AxeBuilder from '@axe-core/playwright';
import {
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Page,
} from '@playwright/test';
import { type Factory, startFactory } from './factory.ts';

interface Stories {
  /** Whether pages and requests of a test come from the owner's browser, or from nobody's. */
  signedIn: boolean;
}

/**
 * Every browser worker has a factory of its own. A worker ends with the first story that fails, so what is tried again
 * meets a new factory and nothing that the first try left behind.
 */
export const test = base.extend<Stories, { factory: Factory }>({
  factory: [
    async ({ playwright }, use) => {
      const factory = await startFactory(playwright.request);
      await use(factory);
      await factory.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: ({ factory }, use) => use(factory.url),
  signedIn: [false, { option: true }],
  storageState: ({ factory, signedIn }, use) => use(signedIn ? factory.session : undefined),
});

export interface OnePage {
  context: BrowserContext;
  page: Page;
  /** What the page itself did wrong so far. */
  errors: string[];
}

/**
 * All stories of a file, in their order, in one page of the owner's browser. An error that the page makes fails the story it
 * comes in.
 */
export function onePage(take: (one: OnePage) => void, over: BrowserContextOptions = {}): void {
  let one: OnePage;
  test.describe.configure({ mode: 'serial' });
  test.beforeAll(async ({ browser, factory }) => {
    const context = await browser.newContext({
      reducedMotion: 'reduce',
      storageState: factory.session,
      ...over,
    });
    const page = await context.newPage();
    one = { context, page, errors: watchErrors(page) };
    take(one);
  });
  test.afterEach(() => {
    expect(one.errors).toEqual([]);
  });
  test.afterAll(() => one.context.close());
}

/** Colours change over 120 ms, and a colour on its way has no contrast to speak of. */
const settled = (page: Page) =>
  page.evaluate(async () => {
    await new Promise((done) => {
      requestAnimationFrame(() => requestAnimationFrame(done));
    });
    const ending = document
      .getAnimations()
      .filter((a) => Number.isFinite(a.effect?.getComputedTiming().endTime));
    // One that is held back never ends; a second is longer than any that runs.
    const late = new Promise((done) => setTimeout(done, 1_000));
    await Promise.race([Promise.allSettled(ending.map((a) => a.finished)), late]);
  });

/** Nothing on this page breaks WCAG 2.2 AA, in the dark and in the light. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  const before = await page.evaluate(() => document.documentElement.dataset.theme);
  for (const theme of ['dark', 'light'])
    await base.step(`${name} is accessible, ${theme}`, async () => {
      await page.evaluate((t) => {
        document.documentElement.dataset.theme = t;
      }, theme);
      await settled(page);
      // No frames of strangers, so no second page that puts their results together; and only what is wrong is of interest.
      const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
      // What is said for a few seconds and fades away has no contrast to speak of either.
      axe.exclude('[data-sonner-toast][data-removed="true"]');
      // The second theme has other colours and the same page.
      const { violations } = await (theme === 'dark'
        ? axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        : axe.withRules(['color-contrast', 'link-in-text-block'])
      ).analyze();
      const told = violations.map(
        (v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html.slice(0, 160)).join('\n  ')}`,
      );
      expect(told).toEqual([]);
    });
  await page.evaluate((t) => {
    if (t) document.documentElement.dataset.theme = t;
  }, before);
}

/** Notes every error that the page itself makes, so that a quiet failure fails the test. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (e) => errors.push(e.message));
  page.on('console', (m) => {
    // Refusals are answers; the browser reports every status above 399 as an error of its own.
    if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) errors.push(m.text());
  });
  return errors;
}
