import { expect, test } from 'vitest';
import { addedLinesOf } from './diff.ts';

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
