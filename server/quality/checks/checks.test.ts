// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are programs to be scanned
import { describe, expect, test } from 'vitest';
import { type CheckName, scoreOf } from '#server/domain/checks.ts';
import { workplace } from '#test/change.ts';
import { gates } from './gates.ts';
import { leftovers } from './leftovers.ts';
import { size } from './size.ts';

const { change } = workplace();

describe('the score', () => {
  const of = (pass: number, fail: number, blocking = false) =>
    scoreOf([
      ...Array.from({ length: pass }, () => ({
        name: 'size' as CheckName,
        state: 'pass' as const,
        blocking: false,
      })),
      ...Array.from({ length: fail }, () => ({
        name: 'docs' as CheckName,
        state: 'fail' as const,
        blocking,
      })),
    ]);
  test('is met by 15 of 19, and by the same share where fewer apply', () => {
    expect([of(15, 4).ok, of(14, 5).ok]).toEqual([true, false]);
    expect([of(5, 1).ok, of(4, 2).ok]).toEqual([true, false]);
  });
  test('is not met by any number while one failure blocks', () =>
    expect(of(18, 1, true)).toMatchObject({ ok: false, blocked: ['docs'] }));
});

describe('size', () => {
  test('nothing is no work, and a lockfile is not read by anybody', async () => {
    expect((await size(await change({}, {}))).state).toBe('fail');
    expect((await size(await change({}, {}, { stage: 'DOCS' }))).state).toBe('not applicable');
    const lock = await change({}, { 'package-lock.json': 'x\n'.repeat(9_000), 'a.js': '1\n' });
    expect((await size(lock)).state).toBe('pass');
    expect((await size(await change({}, { 'a.js': 'x\n'.repeat(9_000) }))).state).toBe('fail');
  });
});

describe('leftovers', () => {
  test.each([
    ['src/a.js', 'debugger;', 'fail'],
    ['src/a.js', 'console.log("debug", x)', 'fail'],
    ['src/cli.js', 'console.log(`${n} files`)', 'pass'],
    ['src/a.js', '<<<<<<< ours', 'fail'],
    ['docs/a.md', '=======', 'pass'],
    ['src/a.js', '=======', 'fail'],
    ['src/a.tsx', '<dl><dd>{x}</dd></dl>', 'pass'],
    ['src/a.ts', 'const breakpoint = 640;', 'pass'],
    ['src/a.py', 'breakpoint()', 'fail'],
  ])('%s: %s', async (file, text, state) =>
    expect((await leftovers(await change({}, { [file]: text }))).state).toBe(state),
  );
});

test('a gate is not hidden by another of its kind, and an old failure is over', async () => {
  const g = (gate: string, ok: boolean, tryNumber = 1) =>
    ({ stepKey: 'build', gate, ok, tryNumber, tree: `t${tryNumber}`, command: null, detail: '' }) as never;
  const of = async (...all: never[]) => (await gates(await change({}, {}, { gates: all }))).state;
  expect(await of(g('file_exists', false), g('file_exists', true))).toBe('fail');
  expect(await of(g('paths', false), g('command', true), g('command', true, 2))).toBe('pass');
});
