/** Draws the icons of the installed page from public/icon.svg: `node scripts/icons.ts`. They are committed, they rarely change. */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import config from '../playwright.config.ts';

const root = path.dirname(import.meta.dirname);
const svg = readFileSync(path.join(root, 'public/icon.svg'), 'utf8');
/** A maskable icon is cut to any shape: its corners are paper, and its drawing keeps to the middle. */
const maskable = svg
  .replace(' rx="8"', '')
  .replace('<path ', '<path transform="translate(5.600 5.600) scale(.65)" ');

const out = path.join(root, 'public/icons');
mkdirSync(out, { recursive: true });
const browser = await chromium.launch(config.use?.launchOptions);
for (const [name, drawing] of [
  ['', svg],
  ['maskable-', maskable],
] as const)
  for (const size of [192, 512]) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<style>*{margin:0}svg{display:block;width:100vw;height:100vh}</style>${drawing}`);
    await page.screenshot({ path: path.join(out, `${name}${size}.png`), omitBackground: true });
    await page.close();
  }
await browser.close();
