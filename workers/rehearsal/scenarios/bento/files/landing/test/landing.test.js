import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startApp } from './helpers.js';

const html = readFileSync(new URL('../public/index.html', import.meta.url), 'utf8');
let app;
before(async () => {
  app = await startApp();
});
after(() => app.stop());

test('the page and its style sheet are served', async () => {
  const page = await app.send('GET', '/');
  assert.equal(page.status, 200);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal((await app.send('GET', '/styles.css')).status, 200);
});

test('it has a language, a title, one h1 and a place for every section', () => {
  assert.match(html, /<html lang="en">/);
  assert.match(html, /<title>[^<]{10,70}<\/title>/);
  assert.equal(html.match(/<h1/g).length, 1);
  for (const id of ['main', 'how', 'pricing']) assert.match(html, new RegExp(`id="${id}"`));
});

test('every link leads somewhere', () => {
  for (const [, href] of html.matchAll(/href="([^"]+)"/g)) {
    if (href.startsWith('#')) assert.match(html, new RegExp(`id="${href.slice(1)}"`), href);
    else if (href.startsWith('/') && href !== '/') {
      assert.ok(existsSync(new URL(`../public${href}`, import.meta.url)), href);
    }
  }
});

test('three plans have a price in kroner', () => {
  assert.equal(html.match(/<strong>from [\d ]+ kr<\/strong>/g).length, 3);
});

test('nothing is inline, so that a strict content security policy holds', () => {
  assert.doesNotMatch(html, /<script>|<style|style="|onclick=/);
});
