import { describe, expect, test } from 'vitest';
import { workplace } from '#test/change.ts';
import { testsBite } from './tests-bite.ts';

const { change, root } = workplace();

describe('tests-bite', () => {
  const files = {
    'package.json': '{"scripts":{"test":"node --test"}}',
    'src/a.js': 'export const a = 1;\n',
    'a.test.js': "test('a', () => assert.equal(a, 1));\n",
  };
  const at =
    (exitCode: number | null, output = '') =>
    async () => ({
      root: root(),
      run: async () => ({ exitCode, timedOut: false, output, cut: false, ms: 0, sandboxed: true }),
    });
  test.each([
    ['fails without the change', at(0), at(1), {}, { state: 'pass' }],
    ['passes without it', at(0), at(0), {}, { state: 'fail', blocking: true }],
    ['passes without it where behaviour stays', at(0), at(0), { keepsBehaviour: true }, { state: 'fail' }],
    ['fails with it too', at(1), at(1), {}, { state: 'fail' }],
    ['cannot start', at(127), at(127), {}, { state: 'not applicable' }],
    [
      'cannot start without it',
      at(0),
      at(1, 'npx canceled due to missing packages'),
      {},
      { state: 'not applicable' },
    ],
  ])('a new test that %s', async (_, clean, beforeWith, over, answer) => {
    const r = await testsBite(await change({}, files, { clean, beforeWith, ...over }));
    expect(r).toMatchObject(answer);
    expect(r.blocking ?? false).toBe('blocking' in answer);
  });
});
