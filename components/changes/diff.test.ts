import { describe, expect, it } from 'vitest';
import { changes } from '../fixtures/task.ts';
import { parseDiff, sideBySide, withoutBlanks } from './diff.ts';

describe('a unified diff', () => {
  const files = parseDiff(changes.patch);

  it('is read file by file with its counts', () => {
    expect(files.map((f) => [f.path, f.kind, f.added, f.removed])).toEqual([
      ['auth/Session.kt', 'modified', 3, 2],
      ['auth/RateLimit.kt', 'added', 3, 0],
    ]);
  });

  it('numbers each line on the side it belongs to', () => {
    const line = (text: string) => files[0]?.lines.find((l) => l.text.includes(text));
    expect(line('db.insert(user, refresh)')).toMatchObject({ kind: 'remove', old: 41, fresh: null });
    expect(line('db.insert(user, hash')).toMatchObject({ kind: 'add', old: null, fresh: 41 });
    expect(line('revokeOlder')).toMatchObject({ kind: 'add', old: null, fresh: 42 });
  });

  it('takes lines that look like headers for what they are inside a hunk', () => {
    const patch = 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/old\n+++ b/new\n same\n';
    const [file] = parseDiff(patch);
    expect(file).toMatchObject({ path: 'x', added: 1, removed: 1 });
    expect(file?.lines.map((l) => l.text)).toEqual(['@@ line 1', '-- a/old', '++ b/new', 'same']);
  });

  it('knows renames, deletions and binary files', () => {
    const patch =
      'diff --git a/a b/b\nrename from a\nrename to b\ndiff --git a/c b/c\ndeleted file mode 100644\ndiff --git a/d b/d\nBinary files a/d and b/d differ\n';
    expect(parseDiff(patch).map((f) => [f.path, f.from, f.kind])).toEqual([
      ['b', 'a', 'renamed'],
      ['c', null, 'deleted'],
      ['d', null, 'modified'],
    ]);
  });

  it('shows nothing for nothing', () => {
    expect(parseDiff('')).toEqual([]);
  });

  it('puts what was removed beside what stands in its place', () => {
    const [file] = parseDiff('diff --git a/x b/x\n@@ -1,4 +1,3 @@\n a\n-b\n-c\n+B\n d\n');
    const text = (i: number | null) => (i === null ? null : file?.lines[i]?.text);
    expect(sideBySide(file?.lines ?? []).map((p) => [text(p.left), text(p.right)])).toEqual([
      ['@@ line 1', '@@ line 1'],
      ['a', 'a'],
      ['b', 'B'],
      ['c', null],
      ['d', 'd'],
    ]);
  });

  it('shows lines that differ in blanks only once, when asked', () => {
    const [file] = parseDiff('diff --git a/x b/x\n@@ -1,3 +1,3 @@\n-if(a) {\n+if (a) {\n b\n-c\n+d\n');
    expect(withoutBlanks(file?.lines ?? []).map((l) => [l.kind, l.text, l.old, l.fresh])).toEqual([
      ['hunk', '@@ line 1', null, null],
      ['same', 'if (a) {', 1, 1],
      ['same', 'b', 2, 2],
      ['remove', 'c', 3, null],
      ['add', 'd', null, 3],
    ]);
  });
});
