import { expect, type Page, type Route } from '@playwright/test';
import type { Factory } from './factory.ts';
import { expectAccessible, onePage, test } from './story.ts';

/** Tasks that a safety rule holds: each is a question. */
const hold = (factory: Factory, ...titles: string[]) => factory.add(titles.map((title) => ({ title })));

let page: Page;
let errors: string[];
onePage((one) => {
  ({ page, errors } = one);
});

const list = (on = page) => on.getByRole('navigation', { name: 'Human queue' });
const row = (title: string, on = page) => list(on).locator('.item:not(.old)').filter({ hasText: title });
const answered = (title: string, on = page) => list(on).locator('.item.old').filter({ hasText: title });
const targets = (on = page) => on.getByRole('region', { name: 'Drop on an answer' });
const target = (name: string, on = page) => targets(on).locator('.target').filter({ hasText: name });

test('a question is dragged onto its answer with the mouse, and taken back', async ({ factory }) => {
  await hold(factory, 'Approve the PSD2 go-live in Bergen', 'Approve the PSD2 go-live in Tromsø');
  await page.goto('/queue');
  await expect(row('Bergen')).toBeVisible();
  await row('Bergen').hover();
  await page.mouse.down();
  await page.mouse.move(600, 300, { steps: 6 });
  await expect(targets()).toBeVisible();
  await expect(target('Approve')).toContainText('Lets agents start');
  await expect(target('Send back')).toContainText('Not an answer to this question');
  await expectAccessible(page, 'The targets');
  const to = await target('Approve').boundingBox();
  await page.mouse.move((to?.x ?? 0) + 200, (to?.y ?? 0) + 40, { steps: 6 });
  await page.mouse.up();
  await expect(answered('Bergen: approved')).toBeVisible();
  await page.keyboard.press('u');
  await expect(row('Bergen')).toBeVisible();
});

test('a question is given to a person, and stays for everybody to answer', async () => {
  await row('Bergen').hover();
  await page.mouse.down();
  await page.mouse.move(600, 300, { steps: 6 });
  await expect(target('Reject')).toContainText('Cancels');
  await target('Reject').hover();
  await expect(target('Reject')).toContainClass('over');
  // Let go in the moment it arrives: what is under the pointer counts, not the answer that it has passed.
  const to = await target('Give to CEO').boundingBox();
  await Promise.all([page.mouse.move((to?.x ?? 0) + 60, (to?.y ?? 0) + 20), page.mouse.up()]);
  await expect(row('Bergen')).toContainText('CEO');
});

test('a question is rejected by the keyboard alone: picked up, carried, dropped, and told why', async () => {
  await row('Bergen').focus();
  await page.keyboard.press('Space');
  await expect(targets()).toBeVisible();
  await expect(target('Reject')).toContainText('Cancels');
  await page.keyboard.press('ArrowDown');
  await expect(target('Approve')).toHaveClass(/over/);
  await page.keyboard.press('ArrowDown');
  await expect(target('Reject')).toHaveClass(/over/);
  await page.keyboard.press('Space');
  const why = page.getByRole('dialog', { name: /^Reject/ });
  await expect(why.getByLabel('Why')).toBeFocused();
  await expectAccessible(page, 'The reason');
  await page.keyboard.type('Not before spring');
  await page.keyboard.press('Enter');
  await expect(answered('Bergen: rejected')).toContainText('Takes effect');
  await page.keyboard.press('u');
  await expect(row('Bergen')).toBeVisible();
  // The reason is offered again to the next question of this kind.
  await row('Tromsø').click();
  await expect(page.getByRole('button', { name: 'Not before spring' })).toBeVisible();
  // Escape leaves what was picked up.
  await row('Tromsø').focus();
  await page.keyboard.press('Space');
  await expect(targets()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(targets()).toBeHidden();
  await expect(row('Tromsø')).toBeVisible();
});

test('the whole context opens beside the question, and says what was asked by whom', async () => {
  await row('Tromsø').click();
  const decision = page.getByRole('region', { name: 'Decision' });
  await expect(decision).toContainText('The safety rule');
  await expect(decision).toContainText('Time never answers it');
  await expect(decision).toContainText(/No history|the median of/);
  await page.getByRole('tab', { name: 'Transcript' }).click();
  await expect(decision).toContainText('No agent has started');
  await page.getByRole('tab', { name: 'Evidence' }).click();
  await expectAccessible(page, 'The evidence beside the question');
  await page.getByRole('tab', { name: 'Question' }).click();
});

test('a reason of five megabytes is refused in the field, and nothing is lost or decided', async () => {
  const reason = page.getByRole('textbox', { name: /^Reason/ });
  await reason.fill('Not while the bank');
  await reason.evaluate((field) => {
    const data = new DataTransfer();
    data.setData('text', 'x'.repeat(5_000_000));
    field.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    );
  });
  await expect(page.getByText('5,000,000 characters were not pasted')).toBeVisible();
  await expect(reason).toHaveValue('Not while the bank');
  await reason.fill('x'.repeat(5_000));
  await expect(page.getByText('1,000 characters too long')).toBeVisible();
  await page.getByRole('button', { name: /^Reject/ }).click();
  await expect(row('Tromsø')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Undo', exact: true })).toBeHidden();
  await expect(reason).toHaveValue('x'.repeat(5_000));
  await reason.fill('');
});

test('alike questions are answered in one go, and taken back in one go', async ({ factory }) => {
  await hold(factory, 'Approve the PSD2 go-live in Molde', 'Approve the PSD2 go-live in Hamar');
  await expect(row('Hamar')).toBeVisible();
  for (const city of ['Molde', 'Hamar'])
    await list()
      .getByRole('checkbox', { name: new RegExp(city) })
      .click();
  await expect(page.getByRole('heading', { name: 'One answer for 2 questions' })).toBeVisible();
  await expectAccessible(page, 'The picked questions');
  await expect(page.getByRole('button', { name: /^Approve/ })).toBeEnabled();
  await page.keyboard.press('a');
  await expect(answered('Molde: approved')).toBeVisible();
  await expect(answered('Hamar: approved')).toBeVisible();
  await page.keyboard.press('u');
  await expect(row('Molde')).toBeVisible();
  await expect(row('Hamar')).toBeVisible();
});

/** The number of a question that is opened. */
async function open(title: string): Promise<number> {
  await row(title).click();
  await expect(page.getByRole('region', { name: 'Decision' })).toContainText(title);
  return Number(new URL(page.url()).searchParams.get('decision'));
}
/** Answers as somebody else would, from another machine. */
async function reject(factory: Factory, id: number, note: string): Promise<void> {
  const { digest } = await factory.read<{ digest: string }>('queue.get', { id });
  await factory.change('queue.decide', { id, answer: 'reject', note, digest });
}

test('whoever answers second is told who was first and what', async ({ factory }) => {
  await hold(factory, 'Approve the PSD2 go-live in Oslo');
  await reject(factory, await open('Oslo'), 'Too early');
  await expect(answered('Oslo: rejected')).toBeVisible();
  const id = await open('Hamar');
  await expect(page.getByRole('button', { name: /^Approve/ })).toBeEnabled();
  // This page hears nothing while somebody else answers.
  const heardLate = async (route: Route) => {
    await reject(factory, id, 'Not this year');
    await route.continue();
  };
  await page.route('**/api/trpc/queue.decide**', heardLate, { times: 1 });
  await page.keyboard.press('a');
  await expect(page.getByText(/has answered this already: rejected/).first()).toBeVisible();
  await expect(answered('Hamar: rejected')).toBeVisible({ timeout: 15_000 });
  errors.length = 0; // The refusal is a 409, which the console of the browser notes.
});

test('on a phone a question is held, carried to an answer with a finger, and undone', async ({
  browser,
  factory,
}) => {
  const phone = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    storageState: factory.session,
  });
  const small = await phone.newPage();
  await small.goto('/queue');
  await expect(row('Molde', small)).toBeVisible();
  const from = await row('Molde', small).boundingBox();
  const cdp = await phone.newCDPSession(small);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x: number, y: number) =>
    cdp.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
  const x = (from?.x ?? 0) + 120;
  const y = (from?.y ?? 0) + 20;
  await touch('touchStart', x, y);
  await expect(targets(small)).toBeVisible();
  await expect(target('Approve', small)).toContainText('Lets agents start');
  await expectAccessible(small, 'The targets on a phone');
  const to = await target('Approve', small).boundingBox();
  for (let i = 1; i <= 5; i++) await touch('touchMove', x + i * 10, y + (((to?.y ?? 0) + 30 - y) * i) / 5);
  await touch('touchEnd', 0, 0);
  await expect(answered('Molde: approved', small)).toBeVisible();
  await small.getByRole('button', { name: 'Undo', exact: true }).tap();
  await expect(row('Molde', small)).toBeVisible();
  await row('Molde', small).tap();
  const approve = small.getByRole('button', { name: /^Approve/ });
  await expect(approve).toBeEnabled();
  expect((await approve.boundingBox())?.height).toBeGreaterThanOrEqual(48);
  expect(await small.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expectAccessible(small, 'The decision on a phone');
  // The facts have the room until something is to be written.
  const reason = small.getByLabel('Reason, needed to reject');
  await expect(reason).toBeHidden();
  await small.getByRole('button', { name: /^Reject/ }).tap();
  await expect(reason).toBeFocused();
  await phone.close();
});

test('every decision is found again by its words, with its reason and what became of it', async () => {
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(page).toHaveURL('/decisions');
  const decisions = page.getByRole('region', { name: 'Decisions' });
  await expect(decisions.getByRole('link', { name: /Hamar/ })).toBeVisible({ timeout: 20_000 });
  await expect(decisions.getByRole('link', { name: /Oslo/ })).toBeVisible();
  await expectAccessible(page, 'The decisions');
  await decisions.getByLabel('Search decisions').fill('Not this year');
  await expect(decisions.getByRole('link', { name: /Hamar/ })).toContainText('Cancelled');
  await expect(decisions.getByRole('link', { name: /Oslo/ })).toHaveCount(0);
  await decisions.getByLabel('Search decisions').fill('no such words anywhere');
  await expect(decisions).toContainText('No decision is like this.');
  await expect(page.getByRole('complementary', { name: 'Rules' })).toContainText(
    'Every question comes to you',
  );
  await decisions.getByLabel('Search decisions').fill('Not this year');
  await decisions.getByRole('link', { name: /Hamar/ }).click();
  await expect(page.getByRole('region', { name: 'Decision' })).toContainText('Not this year');
});
