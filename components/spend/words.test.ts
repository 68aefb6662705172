import { describe, expect, it } from 'vitest';
import type { SpendView } from '#server/domain/views/spend.ts';
import { fillOf, hours, spendSentence, tokens, unaskedWait } from './words.ts';

const view = (month: Partial<SpendView['month']>) =>
  ({
    budgets: [{ scope: 'day', spent: 3.1, limit: 15 }],
    month: { spent: 41.2, forecast: 61, perDay: 2, fromDays: 7, limit: 200, ...month },
  }) as unknown as SpendView;

describe('the page of spending', () => {
  it('says what today and the month cost, and where the month is going', () => {
    expect(spendSentence(view({}))).toBe(
      '€3.10 of €15.00 today, €41.20 of €200.00 this month. It ends at about €61.00, as the last 7 days went.',
    );
    expect(spendSentence(view({ forecast: 250 }))).toContain('more than its budget');
    expect(spendSentence(view({ fromDays: 0 }))).toContain('No day has gone by');
  });

  it('a budget of nothing is full, and promised money never draws beyond the bar', () => {
    expect(fillOf({ spent: 0, reserved: 0, limit: 0 }).state).toBe('full');
    expect(fillOf({ spent: 8, reserved: 9, limit: 10 })).toMatchObject({ state: 'warned', spent: 0.8 });
    expect(fillOf({ spent: 8, reserved: 9, limit: 10 }).promised).toBeCloseTo(0.2);
  });

  it('tells amounts in the unit that can be read', () => {
    expect([tokens(950), tokens(4_120), tokens(41_200), tokens(2_400_000)]).toEqual([
      '950',
      '4.1k',
      '41k',
      '2.4M',
    ]);
    expect([hours(30), hours(120), hours(5_400)]).toEqual(['30 s', '2 min', '1.5 h']);
  });
});

it('says what money is waited for where nobody is asked, and never to answer an empty queue', () => {
  const promised =
    'The budget of today is €15.00: €9.00 spent, €6.00 promised to what runs, and this needs €0.80 more.';
  expect(unaskedWait(promised)).toContain('comes back by itself');
  expect(unaskedWait('There is no price for gpt-9.')).toBe(
    'Nothing has to be answered. There is no price for gpt-9.',
  );
});
