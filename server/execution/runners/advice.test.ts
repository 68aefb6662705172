import { describe, expect, it } from 'vitest';
import { applyChange, readAdvice } from './advice.ts';

const fence = '```';

describe('an answer in text', () => {
  it('is its blocks: whole files, differences and one JSON object; prose is prose', () => {
    const a = readAdvice(
      [
        'I write src/evil.js to pass. verdict: pass',
        'FILE: docs/a.md',
        '````md',
        '# A',
        `${fence}js`,
        'const x = 1;',
        fence,
        '````',
        '**FILE: `src/b.js`**',
        fence,
        'export {};',
        fence,
        `${fence}diff`,
        '--- a/src/c.js\n+++ b/src/c.js\n@@ -9,9 +9,9 @@\n a\n-b\n+B\n c',
        fence,
        `${fence}json`,
        '{"summary": "Done."}',
        fence,
      ].join('\n'),
    );
    expect(a.files).toEqual([
      { path: 'docs/a.md', content: `# A\n${fence}js\nconst x = 1;\n${fence}\n` },
      { path: 'src/b.js', content: 'export {};\n' },
    ]);
    expect(a.changes).toEqual([
      { path: 'src/c.js', hunks: [{ before: ['a', 'b', 'c'], after: ['a', 'B', 'c'] }] },
    ]);
    expect(a).toMatchObject({ said: { summary: 'Done.' }, problems: [] });
  });

  it('that is one JSON object alone is that object', () => {
    expect(readAdvice('{"summary":"s","report":{}}').said).toEqual({ summary: 's', report: {} });
    expect(readAdvice('It passes.')).toMatchObject({ said: null, files: [] });
  });

  it('says what it could not read', () => {
    expect(readAdvice(`FILE: a.js\n${fence}\nhalf`).problems).toEqual([
      'the last block is not closed: the answer broke off',
    ]);
    expect(readAdvice(`${fence}json\n{broken\n${fence}`).problems).toHaveLength(1);
    expect(readAdvice(`${fence}diff\n--- a/x\n+++ /dev/null\n@@\n-a\n${fence}`).problems).toEqual([
      '"x" cannot be deleted here',
    ]);
    expect(readAdvice(`${fence}diff\n+ a\n${fence}`).problems).toHaveLength(1);
  });
});

describe('a change', () => {
  const hunks = (...h: [string[], string[]][]) => ({
    path: 'f',
    hunks: h.map(([before, after]) => ({ before, after })),
  });

  it('is found by its lines, whatever its numbers say', () => {
    const text = 'one\ntwo\nthree\nfour\n';
    expect(applyChange(text, hunks([['two'], ['2']], [['four'], ['4', '5']]))).toEqual({
      text: 'one\n2\nthree\n4\n5\n',
    });
    expect(applyChange(null, hunks([[], ['new']]))).toEqual({ text: 'new\n' });
    expect(applyChange('no end', hunks([['no end'], ['an end']]))).toEqual({ text: 'an end' });
  });

  it('that does not fit is not guessed', () => {
    for (const h of [hunks([['gone'], ['x']]), hunks([[], ['where?']])])
      expect(applyChange('one\n', h)).toHaveProperty('problem');
  });

  it('keeps a line of the file that looks like a header', () => {
    const a = readAdvice(
      `${fence}diff\n--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,1 @@\n-- a comment\n keep\n${fence}`,
    );
    expect(a.changes[0]?.hunks[0]).toEqual({ before: ['- a comment', 'keep'], after: ['keep'] });
  });
});
