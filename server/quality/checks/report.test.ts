import { describe, expect, test } from 'vitest';
import { report, workplace } from '#test/change.ts';
import { consulted } from './consulted.ts';
import { report as reported } from './report.ts';

const { change } = workplace();

describe('consulted', () => {
  const given = { earlier: [4001, 4002] };
  test.each([
    ['nothing was given', {}, [], 'not applicable'],
    ['one of them is cited', given, ['#4001'], 'pass'],
    ['none is cited', given, [], 'fail'],
    ['one is made up', given, ['#4001', '#9'], 'fail'],
  ])('%s', async (_, over, cited, state) => {
    const i = await change({}, {}, { ...over, report: { ...report, consulted: cited } });
    expect((await consulted(i)).state).toBe(state);
  });
});

test('a report may leave out what a later step took away, and invents nothing', async () => {
  const i = await change({}, { 'a.js': '1' }, { reported: ['a.js', 'draft.js'] });
  const said = (filesWritten: string[]) => ({
    ...i,
    report: { ...report, taskSummary: 'x'.repeat(30), filesWritten },
  });
  expect((await reported(said([]))).state).toBe('pass');
  expect((await reported(said(['draft.js']))).state).toBe('fail');
});
