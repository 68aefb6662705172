import { expect, it } from 'vitest';
import { startsIn, startText } from './lane-eta.ts';

const minutes = (n: number) => n * 60_000;
const facts = {
  slots: 2,
  lanes: { large: 1 },
  medianMs: (m: string) => ({ small: minutes(4), large: minutes(10) })[m] ?? null,
};
const queue = (...models: string[]) => models.map((model, i) => ({ id: i + 1, model }));

it('gives slots out as they come free', () => {
  const running = [
    { model: 'small', elapsedMs: minutes(1) },
    { model: 'small', elapsedMs: minutes(3) },
  ];
  expect([...startsIn(running, queue('small', 'small', 'small'), facts).values()]).toEqual([
    minutes(1),
    minutes(3),
    minutes(5),
  ]);
});

it('lets the next one past a full lane', () => {
  const running = [{ model: 'large', elapsedMs: minutes(2) }];
  const starts = startsIn(running, queue('large', 'small'), facts);
  expect(starts.get(2)).toBe(0);
  expect(starts.get(1)).toBe(minutes(8));
});

it('takes what runs longer than usual to end now, and says nothing where nothing is known', () => {
  expect(
    startsIn(
      [
        { model: 'small', elapsedMs: minutes(90) },
        { model: 'small', elapsedMs: 0 },
      ],
      queue('small'),
      facts,
    ).get(1),
  ).toBe(0);
  const unknown = [
    { model: 'new', elapsedMs: 0 },
    { model: 'new', elapsedMs: 0 },
  ];
  expect(startsIn(unknown, queue('small'), facts).get(1)).toBeNull();
});

it('says a start as exactly as it can be known', () => {
  expect([null, 1_000, 40_000, 360_000, 9_000_000].map(startText)).toEqual([
    '',
    'next',
    '~40 s',
    '~6 min',
    '~2.5 h',
  ]);
});
