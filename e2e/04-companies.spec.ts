import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import { expectAccessible, test, watchErrors } from './story.ts';

test.use({ signedIn: true });
test.describe.configure({ mode: 'serial' });

const rowOf = (page: Page, name: string) =>
  page.locator('.companies li').filter({ has: page.locator('.name', { hasText: new RegExp(`^${name}$`) }) });
let companies: string;
test.beforeAll(({ factory }) => {
  companies = factory.companies;
});
const file = (...parts: string[]) => path.join(companies, ...parts);
function edit(place: string, from: string, to: string): void {
  const before = readFileSync(place, 'utf8');
  expect(before).toContain(from);
  writeFileSync(place, before.replace(from, to));
}

test.afterAll(() => rmSync(file('Nordlys'), { recursive: true, force: true }));

test('a folder dropped into companies appears without a restart, and gets the tasks of its words', async ({
  page,
}) => {
  const errors = watchErrors(page);
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await expect(page).toHaveURL('/companies');
  await expect(page.locator('.companies li')).toHaveCount(16);
  await expect(page.getByRole('region', { name: 'Merged' }).locator('li')).toHaveCount(5);
  await expect(rowOf(page, 'Skybound')).toContainText('Merged into CodeCraft');
  await expectAccessible(page, 'The roster');

  cpSync(file('Datavera'), file('Nordlys'), { recursive: true });
  const card = JSON.parse(readFileSync(file('Nordlys/company.json'), 'utf8')) as {
    name: string;
    domain: string;
    routing: object;
  };
  Object.assign(card, {
    name: 'Nordlys',
    domain: 'forecasts',
    description: 'Forecasts of northern lights.',
    routing: { keywords: { en: { aurora: 10 }, bs: {}, no: { nordlys: 10 } } },
  });
  writeFileSync(file('Nordlys/company.json'), JSON.stringify(card, null, 2));
  await expect(rowOf(page, 'Nordlys')).toContainText('Forecasts of northern lights.');
  await expect(page.getByRole('region', { name: 'Problems in the files' })).toHaveCount(0);

  const input = encodeURIComponent('{"json":{"tasks":[{"title":"The aurora over Tromsø tonight"}]}}');
  const routed = await page.request.get(`/api/trpc/routing.preview?input=${input}`);
  expect(await routed.json()).toMatchObject({
    result: { data: { json: [{ route: { company: 'Nordlys', domain: 'forecasts' } }] } },
  });
  expect(errors).toEqual([]);
});

test('a broken file is named with its line and remedy while the company goes on; mending it heals', async ({
  page,
}) => {
  await page.goto('/companies');
  edit(file('Nordlys/agents/lead.yaml'), 'role: lead', 'role: boss');
  const problems = page.getByRole('region', { name: 'Problems in the files' });
  await expect(problems).toContainText(/companies\/Nordlys\/agents\/lead\.yaml:\d+/);
  await expect(problems).toContainText('role: "boss" is not known.');
  await expect(problems).toContainText('Use one of lead, builder, reviewer.');
  await expect(problems).toContainText('Nordlys goes on with the last good version');
  await expect(rowOf(page, 'Nordlys')).toContainText('1 problem');
  await expectAccessible(page, 'The roster with a problem');

  await rowOf(page, 'Nordlys').getByRole('link').click();
  await expect(page.getByRole('heading', { level: 2, name: 'Nordlys' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Problems in the files' })).toBeVisible();
  edit(file('Nordlys/agents/lead.yaml'), 'role: boss', 'role: lead');
  await expect(page.getByRole('region', { name: 'Problems in the files' })).toHaveCount(0);
});

test('a company says who it is, and which file says each piece', async ({ page }) => {
  const errors = watchErrors(page);
  await page.goto('/companies/CodeCraft');
  const panel = page.getByRole('tabpanel');
  await expect(panel).toContainText('companies/CodeCraft/CLAUDE.md');
  await expectAccessible(page, 'A company');
  for (const [tab, says] of [
    ['Agents', 'companies/CodeCraft/agents/lead.yaml'],
    ['Skills', 'api-design'],
    ['Blueprints', 'Shared'],
    ['MCP', 'companies/CodeCraft/config/mcp.json'],
    ['Words', 'Norwegian'],
  ] as const) {
    await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
    await expect(panel).toContainText(says);
    if (tab === 'Skills' || tab === 'Blueprints') await panel.locator('summary').first().click();
    if (tab === 'Blueprints') await expect(panel).toContainText('extends companies/_shared/blueprints/');
    await expectAccessible(page, `A company's ${tab}`);
  }
  await page.goto('/companies/Proxima');
  await expect(page.getByText('Proxima is merged into Vizu')).toBeVisible();
  await page.goto('/companies/Axiom');
  await expect(page.getByText('is never given a build')).toBeVisible();
  await page.goto('/companies/Nobody');
  await expect(page.getByText('There is no company Nobody.')).toBeVisible();
  expect(errors).toEqual([]);
});
