import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toSql } from '../src/db/sql.js';
import { createStore } from '../src/db/store.js';

const NOW = '2026-11-21T10:00:00Z';
const user = (email) => ({ email, name: 'Kari', password_hash: 'x', created_at: NOW });

test('db/schema.sql is what the schema says', () => {
  assert.equal(readFileSync(new URL('../db/schema.sql', import.meta.url), 'utf8'), toSql());
});

test('every reference has an index and removes with its parent', () => {
  const sql = toSql();
  for (const index of ['subscriptions_user_id', 'deliveries_subscription_id', 'deliveries_meal_id']) {
    assert.match(sql, new RegExp(`CREATE INDEX ${index}_idx`));
  }
  assert.equal(sql.match(/ON DELETE CASCADE/g).length, 3);
});

test('two users cannot share an e-mail address', () => {
  const store = createStore();
  store.insert('users', user('kari@example.no'));
  assert.throws(() => store.insert('users', user('kari@example.no')), /users.email is taken/);
});

test('a subscription needs a user that exists, and a plan we sell', () => {
  const store = createStore();
  const { id } = store.insert('users', user('kari@example.no'));
  const row = { user_id: id, plan: 'regular', state: 'active', started_at: NOW };
  assert.throws(() => store.insert('subscriptions', { ...row, user_id: 99 }), /names no row of users/);
  assert.throws(() => store.insert('subscriptions', { ...row, plan: 'huge' }), /must be one of/);
  assert.equal(store.insert('subscriptions', row).id, 1);
});

test('a delivery has at least one meal, on a date', () => {
  const store = createStore();
  const u = store.insert('users', user('kari@example.no'));
  const s = store.insert('subscriptions', { user_id: u.id, plan: 'small', state: 'active', started_at: NOW });
  const m = store.insert('meals', { slug: 'salmon', name: 'Salmon', diet: 'fish', price_ore: 12900 });
  const row = { subscription_id: s.id, meal_id: m.id, quantity: 1, deliver_on: '2026-11-29', state: 'planned' };
  assert.throws(() => store.insert('deliveries', { ...row, quantity: 0 }), /must be at least 1/);
  assert.throws(() => store.insert('deliveries', { ...row, deliver_on: 'Sunday' }), /must be a date/);
  store.insert('deliveries', row);
  assert.equal(store.remove('users', u.id), true);
  assert.deepEqual(store.find('deliveries'), []);
});

test('a failed change leaves the row as it was', () => {
  const store = createStore();
  const u = store.insert('users', user('kari@example.no'));
  assert.throws(() => store.update('users', u.id, { name: 'x'.repeat(101) }), /at most 100/);
  assert.equal(store.get('users', u.id).name, 'Kari');
});
