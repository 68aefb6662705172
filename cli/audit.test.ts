import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sealedText } from '#server/domain/audit.ts';
import { verifyExport } from './audit.ts';

/** An export of `n` sealed entries, the newest first, as the server writes it. */
function exported(n: number): string[] {
  let hash = '';
  return Array.from({ length: n }, (_, i) => {
    const entry = {
      ...{
        xid: '7',
        seq: i,
        at: new Date(i * 1_000),
        type: 't',
        entity: 'task',
        entityId: '1',
        ver: 1,
        from: null,
        to: null,
      },
      ...{
        actorKind: 'human' as const,
        actor: 'A',
        reason: 'r',
        projectId: null,
        pipelineId: null,
        taskId: null,
        data: {},
      },
    };
    hash = createHash('sha256')
      .update(`${hash}\n${sealedText(entry)}`)
      .digest('hex');
    return JSON.stringify({ ...entry, n: i + 1, hash });
  }).reverse();
}

describe('an exported trail', () => {
  const lines = exported(5);
  it('holds as it was written, in either order', () => {
    expect(verifyExport(lines.join('\n'))).toEqual({ ok: true, sealed: 5, problem: null });
    expect(verifyExport([...lines].reverse().join('\n'))).toMatchObject({ ok: true });
  });
  it('tells which entry was changed or taken out', () => {
    const changed = lines.map((l) => l.replace(/"actor":"A"(?=.*"n":3)/, '"actor":"B"'));
    expect(verifyExport(changed.join('\n'))).toMatchObject({
      ok: false,
      problem: 'Entry 3 is not what was sealed.',
    });
    expect(verifyExport(lines.toSpliced(1, 1).join('\n'))).toMatchObject({
      problem: 'Entry 4 is not in the file.',
    });
  });
  it('that is none says which line, and what to export instead', () => {
    expect(() => verifyExport(`${lines[0]}\n{broken`)).toThrow('Line 2 is damaged');
    expect(() => verifyExport('n,at,actorKind\r\n1,x,human')).toThrow('A CSV cannot be verified');
  });
});
