'use client';
import { useMemo } from 'react';
import type { Changes as ChangesView } from '#server/domain/views.ts';
import { Tag } from '../ui/button.tsx';
import { count, plural } from '../ui/format.ts';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { type DiffFile, parseDiff } from './diff.ts';

const words = { added: 'new', deleted: 'deleted', renamed: 'renamed', modified: '' } as const;
const marks = { hunk: '', same: ' ', add: '+', remove: '-', note: '' } as const;
/** A file longer than this opens only when asked. */
const long = 400;

/** One file's unified diff with line numbers. */
export function Diff({ file }: { file: DiffFile }) {
  if (file.lines.length === 0) return <p className="m p-4">No lines changed.</p>;
  return (
    <Scroll className="diff" label={`Diff of ${file.path}`}>
      <div>
        {file.lines.map((line, i) => (
          <span key={String(i)} className={line.kind}>
            <i>{line.at}</i>
            <b>{marks[line.kind]}</b>
            {plain(line.text)}
          </span>
        ))}
      </div>
    </Scroll>
  );
}

/** Every changed file, folded but the first, as a real unified diff. */
export function Changes({ changes, open = true }: { changes: ChangesView; open?: boolean }) {
  const files = useMemo(() => parseDiff(changes.patch), [changes.patch]);
  if (changes.files.length === 0)
    return (
      <p className="p-4 text-muted">
        No file changed yet. The diff shows here once a step has pushed its commit.
      </p>
    );
  const added = changes.files.reduce((n, f) => n + f.added, 0);
  const removed = changes.files.reduce((n, f) => n + f.removed, 0);
  const parsed = new Map(files.map((f) => [f.path, f]));
  return (
    <>
      {changes.files.map((f, i) => {
        const diff = parsed.get(f.path);
        return (
          <details key={f.path} className="file" open={open && i === 0 && (diff?.lines.length ?? 0) < long}>
            <summary>
              <span className="n cut grow" title={f.path}>
                {f.path}
              </span>
              {words[f.kind] ? <Tag>{words[f.kind]}</Tag> : null}
              <span className="n plus">+{count(f.added)}</span>
              <span className="n minus">−{count(f.removed)}</span>
            </summary>
            {diff ? (
              <Diff file={diff} />
            ) : (
              <p className="m p-4">The diff of this file is not in the shown part.</p>
            )}
          </details>
        );
      })}
      <p className="m px-4 py-3">
        {plural(changes.files.length, 'file')} <span className="n plus">+{count(added)}</span>{' '}
        <span className="n minus">−{count(removed)}</span>
        {changes.commit ? (
          <>
            {' '}
            at <span className="n">{changes.commit.slice(0, 7)}</span>
          </>
        ) : null}
        {changes.branch ? (
          <>
            , branch <span className="n">{changes.branch}</span>
          </>
        ) : null}
        .{changes.truncated ? ' The diff was too large and is cut; the branch holds all of it.' : ''}
      </p>
    </>
  );
}
