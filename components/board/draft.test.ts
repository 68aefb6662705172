import { describe, expect, it } from 'vitest';
import { afterOf, linesOf, maxTitle, newDraft, requestOf, tagsOf, titleProblem } from './draft.ts';

describe('a title', () => {
  it('is told to be too long before it is sent', () => {
    expect(titleProblem('x'.repeat(maxTitle))).toBeNull();
    expect(titleProblem('x'.repeat(100_000))).toContain('100000 characters; 300 are the most');
  });
});

describe('a pasted list', () => {
  it('becomes lines without marks, numbers and boxes', () => {
    expect(linesOf('- one\n* [ ] two\n3. three\n\n   4) four  \nfive')).toEqual([
      'one',
      'two',
      'three',
      'four',
      'five',
    ]);
  });

  it('keeps numbers that belong to the text', () => {
    expect(linesOf('2024 report\n#4001 again')).toEqual(['2024 report', '#4001 again']);
  });
});

describe('what a line waits for', () => {
  it('is a line of the list or an existing task', () => {
    expect(afterOf('1, #4001', 2, 3)).toEqual({ after: ['line-1', 4001], wrong: null });
  });

  it('is never itself', () => {
    expect(afterOf('2', 2, 3).wrong).toContain('cannot wait for itself');
  });

  it('names what it does not know', () => {
    expect(afterOf('9', 1, 3).wrong).toContain('neither a line of this list (1 to 3) nor a task');
  });
});

describe('the request of a composition', () => {
  it('leaves out empty lines before it numbers them', () => {
    const drafts = [
      newDraft('one'),
      newDraft('  '),
      { ...newDraft('two'), after: '1', tags: '#deploy, docs docs' },
    ];
    const request = requestOf(drafts, 'p1', 'key-12345');
    expect(request.tasks.map((t) => [t.key, t.title, t.dependsOn, t.tags])).toEqual([
      ['line-1', 'one', [], []],
      ['line-2', 'two', ['line-1'], ['deploy', 'docs']],
    ]);
  });

  it('takes tags with and without #', () => {
    expect(tagsOf('#a, b a')).toEqual(['a', 'b']);
  });
});
