import { describe, expect, test } from 'vitest';
import { workplace } from '#test/change.ts';
import { testsAdded } from './tests-added.ts';

const { change } = workplace();

describe('tests-added', () => {
  const old = "test('one', () => f());\ntest('two', () => f());\n";
  test.each([
    ['renamed in place', { 'a.test.js': old.replace('one', 'first') }, 'pass'],
    [
      'moved to another file',
      { 'a.test.js': "test('two', () => f());\n", 'b.test.js': "test('one', () => f());\n" },
      'pass',
    ],
    ['gone', { 'a.test.js': "test('two', () => f());\n" }, 'fail'],
    ['replaced by others', { 'a.test.js': "test('three', () => f());\n" }, 'fail'],
    ['switched off', { 'a.test.js': old.replace("test('one'", "test.skip('one'") }, 'fail'],
  ])('a test that is %s', async (_, is, state) => {
    const code = {
      'src/f.js': 'export const f = () => {\n  go();\n  return 1;\n  // end\n};\nexport const g = 2;\n',
    };
    expect((await testsAdded(await change({ 'a.test.js': old }, { ...code, ...is }))).state).toBe(state);
  });
  test('code without a test counts against the work, a renamed constant does not', async () => {
    const code = 'export function f(a) {\n  const b = a + 1;\n  return b * 2;\n}\nexport const c = 3;\n';
    expect((await testsAdded(await change({}, { 'src/f.js': code }))).state).toBe('fail');
    expect((await testsAdded(await change({}, { 'src/f.js': 'export const c = 3;' }))).state).toBe(
      'not applicable',
    );
  });
});

describe('tests that are taken away', () => {
  const two =
    "import { a } from './a.js';\nimport { b } from './b.js';\ntest('a', () => assert.equal(a(), 1));\ntest('b', () => assert.equal(b(), 1));\n";
  const was = {
    'a.test.js': two,
    'a.js': 'export const a = () => 1;\n',
    'b.js': 'export const b = () => 1;\n',
  };
  const left = two.replace(/test\('b'.*\n/, '');
  test.each([
    ['with the file they tested', { 'a.test.js': left, 'a.js': was['a.js'] }, 'not applicable'],
    [
      'with the export they tested',
      { ...was, 'a.test.js': left, 'b.js': 'export const c = 1;\n' },
      'not applicable',
    ],
    ['with everything', {}, 'not applicable'],
    ['while what they tested stays', { ...was, 'a.test.js': left }, 'fail'],
    [
      'while something else goes',
      { 'a.test.js': two.replace(/test\('a'.*\n/, ''), 'a.js': was['a.js'] },
      'fail',
    ],
  ])('%s', async (_, is, state) => expect((await testsAdded(await change(was, is))).state).toBe(state));

  const py = 'def test_a():\n    assert a() == 1\n';
  const go = 'func TestA(t *testing.T) {\n\tif a() != 1 { t.Fatal("no") }\n}\n';
  test.each([
    ['test_a.py', py, py.replaceAll(/^/gm, '# ')],
    ['test_a.py', py, `"""\n${py}"""\n`],
    ['test_a.py', py, 'def test_a():\n    pass\n'],
    ['a_test.go', go, `/*\n${go}*/\n`],
    ['a.test.ts', two, two.replace("test('a',", "test('a', { skip: true },")],
    ['a.test.ts', two, `if (false) {\n${two.replaceAll(/^import.*\n/gm, '')}}\n`],
  ])('%s: in a comment, emptied or never reached', async (file, old, now) =>
    expect(await testsAdded(await change({ [file]: old }, { [file]: now }))).toMatchObject({
      blocking: true,
    }),
  );
});
