import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routes } from '../src/api.js';
import { priceOf } from '../src/price.js';

const price = routes.find((route) => route.path === '/api/price');

test('few meals cost their price', () => {
  assert.equal(priceOf(['soup']), 8_900);
});

test('five meals are ten percent cheaper, four are not', () => {
  assert.equal(priceOf(Array(5).fill('soup')), 40_050);
  assert.equal(priceOf(Array(4).fill('soup')), 35_600);
});

test('nobody asks for a price without a session', () => {
  assert.throws(() => price.handle({ body: { meals: [] } }, { sessions: new Map() }), { status: 401 });
});
