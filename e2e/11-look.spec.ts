import { expect, type Page } from '@playwright/test';
import { expectAccessible, onePage, test } from './story.ts';

let page: Page;
onePage((one) => {
  page = one.page;
});

/** Every page that has an address of its own, and what stands on it once it is there. */
const pages: [string, string | RegExp][] = [
  ['/', 'Needs you'],
  ['/pipelines', /Pipelines/],
  ['/queue', 'Answered today'],
  ['/fleet', 'Kill switch'],
  ['/spend', 'Budgets'],
  ['/decisions', 'Decisions'],
  ['/companies', 'CodeCraft'],
  ['/companies/CodeCraft', 'Recent tasks'],
  ['/audit', /entries, none changed/],
  ['/settings/you', 'API tokens'],
  ['/settings/notifications', 'Deliveries'],
  ['/settings/people', 'Invite somebody'],
  ['/settings/safety', 'Try a sentence'],
  ['/status', /today\./],
  ['/nowhere', 'Nothing is at this address.'],
  ['/tasks/1', 'Task #1 does not exist.'],
  ['/pipelines/999999', /does not exist/],
];

async function open(where: string, says: string | RegExp): Promise<void> {
  await page.goto(where);
  await expect(page.locator('body')).toContainText(says);
}

/** What reaches over the right edge of the window, or makes the page scroll sideways. */
const tooWide = () =>
  page.evaluate(() => {
    const { clientWidth: width, clientHeight, scrollHeight } = document.documentElement;
    // The rooms scroll inside the frame; the window itself never does.
    if (document.querySelector('.app') && scrollHeight > clientHeight)
      return [`${location.pathname}: the window scrolls by ${scrollHeight - clientHeight}`];
    return document.documentElement.scrollWidth > width
      ? [...document.querySelectorAll('body *')]
          .filter((e) => e.getBoundingClientRect().right > width + 1)
          .slice(0, 3)
          .map((e) => `${location.pathname}: ${e.outerHTML.slice(0, 120)}`)
      : [];
  });

/** What a thumb could miss: controls that are shown and lower than 44 px. Words inside a sentence are no controls. */
const tooSmall = () =>
  page.evaluate(() =>
    [...document.querySelectorAll('.btn:not(.skip), .field, [role="tab"], .rail a, .rail button, nav a')]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
      .filter((e) => e.getBoundingClientRect().height > 1)
      .map((e) => `${location.pathname}: ${e.outerHTML.slice(0, 120)}`),
  );

test('a question is answered from the palette as far as it needs no reason', async ({ factory }) => {
  await factory.add([{ title: 'Approve the PSD2 go-live in Iceland' }]);
  await open('/queue', 'Answered today');
  await page.locator('.queue-list .item').filter({ hasText: 'in Iceland' }).click();
  await expect(page.getByRole('button', { name: /^Reject/ })).toBeVisible();
  await page.keyboard.press('ControlOrMeta+k');
  const options = page.getByRole('dialog', { name: 'Search and commands' }).getByRole('option');
  await expect(options.first()).toContainText('Approve');
  await page.keyboard.type('reject');
  await expect(options.first()).toContainText('Reject');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Reason, needed to reject')).toBeFocused();
});

test('nothing that a page says of what is missing breaks the rules of access', async () => {
  for (const [where, says] of pages.slice(-3)) {
    await open(where, says);
    await expectAccessible(page, where);
  }
});

test('every page fits a phone, where a thumb finds every control, and fits at twice its size', async () => {
  test.setTimeout(120_000);
  const found: string[] = [];
  for (const [where, says] of pages) {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(where, says);
    found.push(...(await tooWide()), ...(await tooSmall()));
    await page.setViewportSize({ width: 720, height: 450 });
    found.push(...(await tooWide()));
  }
  expect(found).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('the palette reaches the pages, the settings and what can be done here', async () => {
  await open('/', 'Needs you');
  const palette = page.getByRole('dialog', { name: 'Search and commands' });
  const run = async (words: string, wanted: string | RegExp) => {
    await page.keyboard.press('ControlOrMeta+k');
    await page.keyboard.type(words);
    await expect(palette.getByRole('option').first()).toContainText(wanted);
    await page.keyboard.press('Enter');
    await expect(palette).toHaveCount(0);
  };
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('Bento');
  await expect(palette.getByRole('option', { name: 'Run the Bento sample' })).toBeVisible();
  await page.keyboard.press('Escape');
  await run('invite', 'Invite somebody');
  await page.waitForURL('**/settings/people**');
  await run('safety rails', 'Settings: Safety rails');
  await page.waitForURL('**/settings/safety');
  await run('decisions', 'Decisions');
  await page.waitForURL('**/decisions');
  await expect(page.getByLabel('Search decisions')).toBeVisible();
  await run('search the decisions', 'Search the decisions');
  await expect(page.getByLabel('Search decisions')).toBeFocused();
});

test('without a mouse, the focus goes from the rail to the work and is always seen', async () => {
  await open('/', 'Needs you');
  const seen = new Set<string>();
  for (let i = 0; i < 16; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(e);
      return {
        name: e.getAttribute('aria-label') ?? e.textContent?.trim().slice(0, 40) ?? '',
        ring: outlineStyle !== 'none' && outlineWidth !== '0px',
      };
    });
    if (!at) continue;
    expect(at, `the focus on “${at.name}” is not seen`).toMatchObject({ ring: true });
    seen.add(at.name);
  }
  for (const name of ['Board', 'Pipelines', 'Companies', 'Settings']) expect([...seen]).toContain(name);
});
