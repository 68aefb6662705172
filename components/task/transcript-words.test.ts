import { describe, expect, it } from 'vitest';
import { transcript } from '../fixtures/task.ts';
import { foldedName, lastCalls, linesOf } from './transcript-words.ts';

describe('a transcript as it is told', () => {
  const lines = linesOf(transcript.entries, 'codecraft');

  it('folds reads in a row into one line', () => {
    const [calls] = lines.flatMap((l) => (l.kind === 'calls' ? [l.calls] : []));
    expect(calls).toHaveLength(4);
    expect(foldedName(calls ?? [])).toBe('4 reads');
  });

  it('joins a call with its result', () => {
    const run = lines.flatMap((l) => (l.kind === 'calls' ? l.calls : [])).find((c) => c.name === 'run');
    expect(run).toMatchObject({ about: './gradlew :api:test', exitCode: 1, done: true });
  });

  it('says who speaks, and what is still being said', () => {
    expect(lines[0]).toMatchObject({ kind: 'say', who: 'Harness' });
    expect(lines[lines.length - 1]).toMatchObject({ kind: 'say', who: 'CodeCraft agent', streaming: true });
  });

  it('gives the last three calls, newest last', () => {
    const { calls, total } = lastCalls(transcript.entries, 3);
    expect(calls.map((c) => c.name)).toEqual(['edit', 'run', 'write']);
    expect(total).toBe(7);
  });

  it('survives entries that hold something else than expected', () => {
    const odd = [
      {
        id: 1,
        seq: 1,
        at: new Date(),
        stepKey: 's',
        kind: 'tool_call',
        data: { name: 7, arguments: 'x' },
        rev: 1,
      },
    ];
    expect(linesOf(odd, null)).toHaveLength(1);
  });
});
