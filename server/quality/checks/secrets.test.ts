import { describe, expect, test } from 'vitest';
import { workplace } from '#test/change.ts';
import { findSecrets } from '../gates/secrets.ts';
import { secrets } from './secrets.ts';

const { change } = workplace();

describe('secrets', () => {
  test('a file of secrets is one by its name; an example of it is not', async () => {
    expect(await secrets(await change({}, { '.env': 'A=1' }))).toMatchObject({
      state: 'fail',
      blocking: true,
    });
    expect((await secrets(await change({}, { '.env.example': 'A=' }))).state).toBe('pass');
    expect(
      (await secrets(await change({}, { 'test/a.test.js': "const password = 'Correct-Horse-9';" }))).state,
    ).toBe('pass');
  });
});

test('many lines of one file are looked at in no time', async () => {
  const lines = Array.from({ length: 60_000 }, (_, line) => ({ file: 'a"b\n.csv', line, text: `x,${line}` }));
  const from = performance.now();
  const key = { file: '', line: 7, text: "const password = 'Aa1!sdfjkh23';" };
  expect(await findSecrets([...lines, key])).toMatchObject([{ file: '', line: 7 }]);
  expect(performance.now() - from).toBeLessThan(5_000);
});
