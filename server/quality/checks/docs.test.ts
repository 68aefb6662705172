import { describe, expect, test } from 'vitest';
import { workplace } from '#test/change.ts';
import { docs } from './docs.ts';

const { change } = workplace();

describe('docs', () => {
  const route = { 'src/api.js': "router.get('/api/meals', list)" };
  test('a new address needs a line, or a DOCS stage that writes it', async () => {
    expect((await docs(await change({}, route))).state).toBe('fail');
    expect((await docs(await change({}, { ...route, 'README.md': 'GET /api/meals' }))).state).toBe('pass');
    expect((await docs(await change({}, route, { docsFollow: true }))).state).toBe('not applicable');
  });
  test('a link to nowhere', async () => {
    const is = {
      'docs/a.md': 'See [b](b.md), [c](../README.md#top), [d](https://example.invalid/x).',
      'README.md': '# x',
    };
    expect(await docs(await change({}, is))).toMatchObject({ state: 'fail', evidence: 'docs/a.md:1: b.md' });
  });
});
