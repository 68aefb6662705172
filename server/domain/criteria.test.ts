import { expect, test } from 'vitest';
import { criteriaOf } from './criteria.ts';

test('the items of a description are the criteria, whatever sign lists them', () => {
  const text =
    'Users asked for it.\n- [ ] Exports CSV\n* Keeps the filter\n3) Empty list gives a header only\n';
  expect(criteriaOf('CSV export', text)).toEqual([
    'Exports CSV',
    'Keeps the filter',
    'Empty list gives a header only',
  ]);
});

test('without a list, the title is the one criterion', () => {
  expect(criteriaOf(' CSV export ', 'Users asked for it. See #12.')).toEqual(['CSV export']);
});

test('a list without end is cut, and said twice counts once', () => {
  const many = Array.from({ length: 40 }, (_, i) => `- item number ${i % 20}`).join('\n');
  expect(criteriaOf('t', many)).toHaveLength(12);
});
