import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOrders } from '../src/orders.js';

test('an order is kept for its customer', () => {
  const orders = createOrders();
  orders.place('ada', ['soup']);
  assert.equal(orders.of('ada').length, 1);
});

test('a customer sees no orders of others', () => {
  const orders = createOrders();
  orders.place('ada', ['soup']);
  assert.deepEqual(orders.of('bo'), []);
});

test('an order without meals is refused', () => {
  assert.throws(() => createOrders().place('ada', []), { status: 400 });
});
