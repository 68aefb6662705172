import { describe, expect, test } from 'vitest';
import type { CheckInput } from '#server/domain/seams.ts';
import { report, workplace } from '#test/change.ts';
import { criteria } from './criteria.ts';

const { change } = workplace();

describe('criteria', () => {
  const review = (answers: { number: number; met: boolean }[], over: Partial<CheckInput> = {}) =>
    change(
      {},
      {},
      {
        ...{ stage: 'REVIEW', company: 'Proveo', builtBy: 'CodeCraft', criteria: ['a', 'b'] },
        report: { ...report, verdict: 'pass', criteria: answers.map((a) => ({ ...a, evidence: 'seen' })) },
        ...over,
      },
    );
  const both = [
    { number: 1, met: true },
    { number: 2, met: true },
  ];
  test('each has to be addressed, and what is not met cannot pass', async () => {
    expect((await criteria(await review(both))).state).toBe('pass');
    expect((await criteria(await review(both.slice(1)))).detail).toContain('Criteria 1');
    const unmet = await criteria(
      await review([
        { number: 1, met: false },
        { number: 2, met: true },
      ]),
    );
    expect(unmet).toMatchObject({ state: 'fail', blocking: true });
  });
  test('who built it does not review it', async () =>
    expect(await criteria(await review(both, { builtBy: 'Proveo' }))).toMatchObject({ blocking: true }));
});
