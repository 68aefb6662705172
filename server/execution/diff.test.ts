import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRepository } from '#workers/drill/repository.ts';
import { addedLinesOf, changesBetween, linesBetween, patchBetween } from './diff.ts';

test('neither a zero byte nor an odd name nor an attribute hides what was added', async () => {
  const home = await mkdtemp(join(tmpdir(), 'alai-diff-'));
  try {
    const odd = ['src/q"x.js', 'src/a\tb.js', 'src/bell\u0007.js', 'src/ø \\ b.js', 'src/line\nfeed.js'];
    // Names that look like what git writes before names.
    odd.push(':000000 100644 a b D', '1\t2\tc.js', '-\t-\td.js');
    const now = {
      'src/nul.js': '/*\0*/\none();\n',
      'src/attr.js': 'two();\n',
      '.gitattributes': 'src/attr.js binary\n',
      'a.png': 'PNG\0\nnot text\n',
      ...Object.fromEntries(odd.map((f) => [f, 'three();\n'])),
    };
    const { bare, commits } = await makeRepository(home, [{ 'a.js': '1\n' }, now]);
    const at = [bare, commits[0] ?? '', commits[1] ?? ''] as const;
    const lines = (await linesBetween(...at)).map((l) => `${l.file}: ${l.text}`);
    expect(lines).toEqual(expect.arrayContaining(odd.map((f) => `${f}: three();`)));
    expect(lines).toEqual(expect.arrayContaining(['src/nul.js: one();', 'src/attr.js: two();']));
    expect(lines.filter((l) => l.startsWith('a.png'))).toEqual([]);
    const added = new Map((await changesBetween(...at)).map((c) => [c.path, c.added]));
    expect([added.get('src/nul.js'), added.get('src/attr.js'), added.get('src/a\tb.js')]).toEqual([2, 1, 1]);
    const statuses = new Map((await changesBetween(...at)).map((c) => [c.path, c.status]));
    expect(odd.map((f) => statuses.get(f))).toEqual(odd.map(() => 'A'));
    expect(await patchBetween(...at)).toContain('+one();');
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

test('an added line that looks like a file head hides nothing after it', () => {
  const patch = [
    'diff --git a/a.js b/a.js',
    '--- a/a.js',
    '+++ b/a.js',
    '@@ -1 +1,4 @@',
    '--- old',
    '+++ /dev/null',
    '+@@ -0,0 +9 @@',
    '+const password = 1;',
    '+++ b/other.js',
    '\\ No newline at end of file',
    'diff --git a/b.js b/b.js',
    '--- /dev/null',
    '+++ b/b.js',
    '@@ -0,0 +1,2 @@',
    '+one',
    '+two',
    '',
  ].join('\n');
  expect(addedLinesOf(patch)).toEqual([
    { file: 'a.js', line: 1, text: '++ /dev/null' },
    { file: 'a.js', line: 2, text: '@@ -0,0 +9 @@' },
    { file: 'a.js', line: 3, text: 'const password = 1;' },
    { file: 'a.js', line: 4, text: '++ b/other.js' },
    { file: 'b.js', line: 1, text: 'one' },
    { file: 'b.js', line: 2, text: 'two' },
  ]);
});
