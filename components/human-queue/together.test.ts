import { expect, it } from 'vitest';
import { escalation } from '../fixtures/queue.ts';
import { pickRange, together, togglePick } from './together.ts';

const items = [
  { id: 1, kind: 'merge' },
  { id: 2, kind: 'safety' },
  { id: 3, kind: 'merge' },
  { id: 4, kind: 'merge' },
];

it('only questions of one kind are picked together, by one or by range, and not too many', () => {
  const one = togglePick(new Set(), items[0] as (typeof items)[0], items, 50);
  expect(togglePick(one.picked, items[1] as (typeof items)[0], items, 50).refused).toContain('one kind');
  expect([...togglePick(one.picked, items[0] as (typeof items)[0], items, 50).picked]).toEqual([]);
  expect([...pickRange(one.picked, 1, 4, items, 50)]).toEqual([1, 3, 4]);
  expect([...pickRange(one.picked, 4, 1, items, 2)]).toHaveLength(2);
  expect(togglePick(new Set([1, 3]), items[3] as (typeof items)[0], items, 2).refused).toContain('At most 2');
});

it('an answer is offered for all when every one takes it', () => {
  const other = { ...escalation, id: 2, consequences: { ...escalation.consequences, send_back: null } };
  const all = together([escalation, other]);
  expect(all.consequences.send_back).toBeNull();
  expect(all.consequences.approve).toBe(`${escalation.consequences.approve}. The same for the other one.`);
});
