import { expect, it } from 'vitest';
import { escalation } from '../fixtures/queue.ts';
import { whatChanged } from './changed.ts';

it('says what is not as it was read', () => {
  const size = { files: 15, added: 420, removed: 38 };
  const changes = { ...escalation.changes, commit: 'another' } as NonNullable<typeof escalation.changes>;
  expect(whatChanged(escalation, { ...escalation, text: 'Other words', changes, size })).toEqual([
    'the text of the task',
    'the changes (15 files, +420 −38; before 14 files, +412 −38)',
  ]);
  expect(whatChanged(escalation, escalation)).toEqual(['the plan or the report behind it']);
});
