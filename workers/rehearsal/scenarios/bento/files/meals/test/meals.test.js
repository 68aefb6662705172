import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { nextSunday } from '../src/api/meals.js';
import { meals } from '../src/meals/catalogue.js';
import { quote } from '../src/meals/pricing.js';
import { createRoutes } from '../src/routes.js';
import { createServices } from '../src/services.js';
import { startApp } from './helpers.js';

const eight = [
  { slug: 'salmon-dill', quantity: 3 },
  { slug: 'pea-soup', quantity: 5 },
];
let app;
before(async () => {
  const now = () => new Date('2026-11-24T10:00:00Z');
  app = await startApp({ routes: createRoutes(createServices({ now })) });
});
after(() => app.stop());

test('the small plan has no discount', () => {
  const week = quote('small', [{ slug: 'meatballs', quantity: 4 }]);
  assert.equal(week.total_ore, 47600);
});

test('the discount is a percentage, in whole øre', () => {
  const week = quote('regular', eight);
  assert.equal(week.sum_ore, 91200);
  assert.equal(week.discount_ore, 4560);
  assert.equal(week.total_ore, 86640);
  assert.equal(quote('family', [{ slug: 'meatballs', quantity: 16 }]).total_ore, 171360);
});

test('a choice fills the plan exactly, with meals of this week, each once', () => {
  assert.throws(() => quote('small', eight), /has 4 meals, you chose 8/);
  assert.throws(() => quote('small', [{ slug: 'pizza', quantity: 4 }]), /not on this week/);
  assert.throws(() => quote('small', [{ slug: 'pea-soup', quantity: 1.5 }]), /at least one/);
  assert.throws(() => quote('small', [{ slug: 'pea-soup', quantity: 2 }, { slug: 'pea-soup', quantity: 2 }]), /twice/);
  assert.throws(() => quote('constructor', eight), /must be one of/);
});

test('the menu is public, an order is not', async () => {
  assert.equal((await app.send('GET', '/api/meals')).body.meals.length, meals.length);
  assert.equal((await app.send('POST', '/api/checkout', { items: eight })).status, 401);
});

test('a customer sees the price, orders once, and gets it on Sunday', async () => {
  const person = { email: 'kari@example.no', name: 'Kari', password: 'a long password' };
  const cookie = (await app.send('POST', '/api/users', person)).headers.get('set-cookie').split(';')[0];
  assert.equal((await app.send('POST', '/api/checkout', { items: eight }, { cookie })).status, 409);
  await app.send('POST', '/api/subscriptions', { plan: 'regular' }, { cookie });
  const shown = await app.send('POST', '/api/quote', { plan: 'regular', items: eight });
  const order = await app.send('POST', '/api/checkout', { items: eight }, { cookie });
  assert.equal(order.status, 201);
  assert.equal(order.body.total_ore, shown.body.total_ore);
  assert.equal(order.body.deliver_on, '2026-11-29');
  assert.equal((await app.send('POST', '/api/checkout', { items: eight }, { cookie })).status, 409);
});

test('orders close on Thursday', () => {
  assert.equal(nextSunday(new Date('2026-11-26T23:00:00Z')), '2026-11-29');
  assert.equal(nextSunday(new Date('2026-11-27T01:00:00Z')), '2026-12-06');
  assert.equal(nextSunday(new Date('2026-11-29T01:00:00Z')), '2026-12-06');
});

test('the page is served with its script and style', async () => {
  for (const path of ['/meals.html', '/meals.js', '/meals.css']) {
    assert.equal((await app.send('GET', path)).status, 200, path);
  }
});
