import path from 'node:path';
import { expect, test } from 'vitest';
import { routeLine } from './route.ts';

const folder = path.resolve('companies');
const at = (raw: string) => routeLine(folder, raw, 7);

test('a line is answered with its id, what would be done, and why', () => {
  expect(at('{"id":"a1","title":"payment button colour","label":"ignored"}')).toEqual({
    answer: {
      id: 'a1',
      company: 'Vizu',
      complexity: 1,
      domain: 'frontend',
      type: 'feature',
      tier: expect.any(Number),
      host: expect.any(String),
      held: null,
      reasons: expect.arrayContaining([expect.stringMatching(/^Vizu: .*"colour" \+/)]),
    },
  });
  expect(at('\uFEFF{"title":"Wipe production","description":null}\r')).toMatchObject({
    answer: { id: null, held: { pattern: 'production-data-deletion' }, complexity: 4 },
  });
});

test.each([
  ['{oops', 'it is not JSON'],
  ['[]', expect.stringContaining('expected object')],
  ['{"id":1}', expect.stringContaining('title')],
  ['{"title":"  "}', expect.stringContaining('TITLE_EMPTY')],
  [JSON.stringify({ title: 'x'.repeat(100_000) }), expect.stringContaining('TITLE_TOO_LONG')],
])('a bad line is named by its number: %s', (raw, problem) => {
  expect(at(raw)).toEqual({ line: 7, problem });
});

test('an empty line says nothing', () => {
  expect(at('')).toBeNull();
});
