import { expect, it } from 'vitest';
import { ticketText } from './ticket-words.ts';

it('says what a forecast stands on, and that it is a guess where there is no history', () => {
  expect(ticketText({ from: 6, loadMs: 18_000 })).toBe(
    'Expected, by 6 attempts like it, and 18.0s to load the model',
  );
  expect(ticketText({ from: 1, loadMs: 0 })).toBe('Expected, by 1 attempt like it');
  expect(ticketText({ from: 0, loadMs: 0 })).toContain('A guess by its limits');
});
