/**
 * Looks at pages without a factory: the built product runs, the browser answers its API calls from fixtures.
 * `node e2e/gallery.ts http://127.0.0.1:4400 /tmp/shots board` writes one picture per page, theme and width.
 */

import { mkdirSync } from 'node:fs';
import { type BrowserContext, chromium } from '@playwright/test';
import superjson from 'superjson';
import { sessionCookieName } from '#server/api/session-cookie.ts';
import { scenes } from '../components/fixtures/scenes.ts';

const [base = 'http://127.0.0.1:4400', out = '/tmp/shots', only = ''] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

/** A stream that stays open and says nothing, as on a quiet evening. */
function quietStream(): void {
  class Quiet extends EventTarget {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSED = 2;
    CONNECTING = 0;
    OPEN = 1;
    CLOSED = 2;
    readyState = 1;
    constructor() {
      super();
      setTimeout(() => {
        this.dispatchEvent(new Event('open'));
      }, 20);
    }
    close() {}
  }
  Object.assign(window, { EventSource: Quiet });
}

async function answer(context: BrowserContext, answers: Record<string, unknown>): Promise<void> {
  await context.route('**/api/trpc/**', async (route) => {
    const url = new URL(route.request().url());
    const names = url.pathname.replace('/api/trpc/', '').split(',');
    const body = names.map((name) =>
      name in answers
        ? { result: { data: superjson.serialize(answers[name]) } }
        : {
            error: {
              json: {
                message: `No fixture for ${name}`,
                code: -32603,
                data: { code: 'INTERNAL_SERVER_ERROR' },
              },
            },
          },
    );
    await route.fulfill({ contentType: 'application/json', body: JSON.stringify(body) });
  });
}

const sizes = { desk: [1440, 900], laptop: [1024, 768], phone: [390, 844] } as const;
for (const scene of scenes.filter((s) => s.name.startsWith(only)))
  for (const theme of scene.themes ?? (['dark', 'light'] as const))
    for (const size of scene.sizes ?? (['desk'] as const)) {
      const [width, height] = sizes[size];
      const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' });
      await context.addCookies([
        { name: 'alai-theme', value: theme, url: base },
        { name: sessionCookieName(new URL(base).port), value: 'gallery', url: base },
      ]);
      await answer(context, scene.answers);
      if (!scene.paused) await context.addInitScript(quietStream);
      const page = await context.newPage();
      page.on('pageerror', (e) => console.error(`${scene.name}: ${e.message}`));
      page.on('console', (m) => m.type() === 'error' && console.error(`${scene.name}: ${m.text()}`));
      await page.goto(base + scene.path);
      await page.waitForTimeout(700);
      for (const [verb, ...args] of scene.steps ?? []) {
        if (verb === 'press') await page.keyboard.press(args[0] ?? '');
        if (verb === 'type') await page.keyboard.type(args[0] ?? '');
        if (verb === 'click')
          await page
            .locator(args[0] ?? '')
            .first()
            .click();
        if (verb === 'hover')
          await page
            .locator(args[0] ?? '')
            .first()
            .hover();
        if (verb === 'paste')
          await page.evaluate((text) => {
            const data = new DataTransfer();
            data.setData('text', text);
            document.activeElement?.dispatchEvent(
              new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
            );
          }, args[0] ?? '');
        await page.waitForTimeout(350);
      }
      await page.screenshot({ path: `${out}/${scene.name}-${size}-${theme}.png` });
      await context.close();
    }
await browser.close();
