import { describe, expect, it } from 'vitest';
import { span, took, when } from './format.ts';
import { plain } from './plain.ts';
import { sentences, withoutProject } from './words.ts';

describe('text of agents and commands', () => {
  it('loses terminal colours', () => {
    expect(plain('\u001b[31mred\u001b[0m \u001b]0;title\u0007x')).toBe('red x');
  });

  it('shows characters that hide or turn text around', () => {
    expect(plain('a\u202egnp.exe')).toBe('a\\u202egnp.exe');
    expect(plain('zero\u200bwidth')).toBe('zero\\u200bwidth');
  });

  it('keeps lines, tabs and letters of every language', () => {
    expect(plain('š\tж\r\n日')).toBe('š\tж\n日');
  });
});

describe('ages and durations', () => {
  it('are as short as they stay true', () => {
    expect([0, 59_999, 60_000, 3_900_000, 7_200_000, 39_900_000, 200_000_000].map(span)).toEqual([
      '0s',
      '59s',
      '1m',
      '1h 05m',
      '2h',
      '11h',
      '2d',
    ]);
    expect([240, 48_200, 192_000].map(took)).toEqual(['240ms', '48.2s', '3m 12s']);
  });

  it('name the day where it is not today', () => {
    const now = new Date(2026, 10, 21, 14, 32);
    expect(when(new Date(2026, 10, 21, 9, 5), now)).toBe('09:05');
    expect(when(new Date(2026, 10, 20, 9, 5), now)).toBe('Fri 09:05');
    expect(when(new Date(2026, 9, 1, 9, 5), now)).toBe('1 Oct 09:05');
  });
});

describe('words', () => {
  it('end reasons with a full stop, once', () => {
    expect(sentences(['Tier 2', 'Held.'])).toBe('Tier 2. Held.');
  });

  it('leave out the project that all titles share', () => {
    expect(withoutProject('Bento: landing page', 'bento')).toBe('Landing page');
    expect(withoutProject('Bentonite: dig', 'bento')).toBe('Bentonite: dig');
  });
});
