import core from 'highlight.js/lib/core';
import typescript from 'highlight.js/lib/languages/typescript';
import { describe, expect, it } from 'vitest';
import { parseDiff } from './diff.ts';
import { colourLines, languageOf, piecesOf } from './highlight.ts';

core.registerLanguage('typescript', typescript);
const colour = (code: string) => core.highlight(code, { language: 'typescript' }).value;

describe('colours of a diff', () => {
  it('keep every character of the line, also those that HTML reads', () => {
    const code = 'const a = "<b>" && x < 1; // it\'s &amp;';
    expect(
      piecesOf(colour(code))[0]
        ?.map((p) => p.text)
        .join(''),
    ).toBe(code);
  });

  it('go on over the lines of a comment, on its own side only', () => {
    const patch = 'diff --git a/x.ts b/x.ts\n@@ -1,2 +1,3 @@\n-const old = 1;\n+/* one\n+two */\n same();\n';
    const lines = parseDiff(patch)[0]?.lines ?? [];
    const pieces = colourLines(lines, colour);
    expect(pieces.get(1)?.[0]).toEqual({ text: 'const', look: 'keyword' });
    expect(pieces.get(2)).toEqual([{ text: '/* one', look: 'comment' }]);
    expect(pieces.get(3)).toEqual([{ text: 'two */', look: 'comment' }]);
    expect(
      pieces
        .get(4)
        ?.map((p) => p.text)
        .join(''),
    ).toBe('same();');
  });

  it('are for files whose language we know', () => {
    expect(['a.tsx', 'b/c.KT', 'Makefile', 'x.bin'].map(languageOf)).toEqual([
      'typescript',
      'kotlin',
      null,
      null,
    ]);
  });
});
