import { expect, test } from 'vitest';
import type { CompanyRow } from '#server/domain/views/company.ts';
import { percent, standing } from './words.ts';

const row = (over: Partial<CompanyRow> = {}, load: Partial<CompanyRow['load']> = {}): CompanyRow => ({
  ...{
    name: 'Vizu',
    status: 'active',
    mergedInto: null,
    type: '',
    domain: '',
    description: '',
    pipelineRole: 'BUILD',
  },
  ...{ stages: [], kept: false, problems: 0, ...over },
  load: { running: 0, queued: 0, needsYou: 0, done: 0, successRate: null, attempts: 0, ...load },
});

test.each([
  ['Idle', row()],
  ['Queued', row({}, { queued: 1 })],
  ['Working', row({}, { running: 1, queued: 9 })],
  ['Needs you', row({}, { running: 1, needsYou: 1 })],
  ['Merged into Vizu', row({ status: 'merged', mergedInto: 'Vizu' })],
  ['Cannot be read', row({ status: 'broken' }, { running: 1 })],
  ['Switched off', row({ status: 'inactive' })],
])('what needs somebody is said first: %s', (word, company) => {
  expect(standing(company).word).toBe(word);
});

test('a rate is whole percent, and nothing where nothing ended', () => {
  expect([percent(null), percent(0), percent(2 / 3)]).toEqual(['', '0 %', '67 %']);
});
