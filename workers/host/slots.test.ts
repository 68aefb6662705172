import { afterEach, expect, test, vi } from 'vitest';
import { Slots } from './slots.ts';

afterEach(() => vi.restoreAllMocks());

test('how long it reaches for one piece of work is known, so that a look that never ends is noticed', async () => {
  let now = 1_000_000;
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  const turns = async (until: () => boolean) => {
    for (let n = 0; n < 1_000 && !until(); n++) await new Promise((resolve) => setImmediate(resolve));
  };
  const answers: ((taken: number | null) => void)[] = [];
  const slots = new Slots<number>({
    take: () => new Promise((resolve) => answers.push(resolve)),
    run: async () => {},
    log: { error() {}, warn() {} } as never,
  });
  expect(slots.lookingMs).toBe(0);
  const looked = slots.look();
  now += 50_000;
  expect(slots.lookingMs).toBe(50_000);
  // It takes and takes: busy, and not stuck.
  answers[0]?.(1);
  await turns(() => answers.length === 2);
  now += 20_000;
  expect(slots.lookingMs).toBe(20_000);
  answers[1]?.(null);
  await turns(() => answers.length === 3);
  answers[2]?.(null);
  await looked;
  expect(slots.lookingMs).toBe(0);
});
