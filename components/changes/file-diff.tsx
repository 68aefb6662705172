'use client';
import { type KeyboardEvent, type ReactNode, useMemo, useState } from 'react';
import { Scroll } from '../ui/scroll.tsx';
import { Code } from './code.tsx';
import { type DiffFile, type DiffLine, sideBySide, withoutBlanks } from './diff.ts';
import { type Piece, useColours } from './highlight.ts';
import { RemarkEditor, RemarkNote } from './remark.tsx';
import type { Remark, useRemarks } from './use-remarks.ts';

const marks = { hunk: '', same: ' ', add: '+', remove: '-', note: '' } as const;

interface Shown {
  file: DiffFile;
  split: boolean;
  /** Lines that differ in blanks only are shown as unchanged. */
  blanks: boolean;
  /** Absent where nobody may comment. */
  review?: ReturnType<typeof useRemarks> | undefined;
}

type Side = Remark['side'];
const sideOf = (line: DiffLine): Side => (line.kind === 'remove' ? 'old' : 'fresh');
const placeOf = (line: DiffLine, side: Side) => (side === 'old' ? line.old : line.fresh);

/** Up and down walk the line numbers, so that a line can be commented without a mouse and Tab passes them in one step. */
function walk(e: KeyboardEvent<HTMLButtonElement>): void {
  const by = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
  if (!by) return;
  e.preventDefault();
  const all = [...(e.currentTarget.closest('.diff')?.querySelectorAll<HTMLButtonElement>('button.ln') ?? [])];
  all[all.indexOf(e.currentTarget) + by]?.focus();
}

/** One file's diff, unified or side by side, with line numbers to comment on. */
export function FileDiff({ file, split, blanks, review }: Shown) {
  const lines = useMemo(() => (blanks ? withoutBlanks(file.lines) : file.lines), [file.lines, blanks]);
  const colours = useColours(file.path, lines, true);
  const [editing, setEditing] = useState<string | null>(null);
  if (lines.length === 0) return <p className="m p-4">No lines changed.</p>;

  const first = lines.find((l) => l.kind !== 'hunk' && l.kind !== 'note');
  const keyOf = (line: DiffLine, side: Side) => `${file.path}:${side}:${placeOf(line, side)}`;
  const number = (line: DiffLine, side: Side): ReactNode => {
    const at = placeOf(line, side);
    if (at === null || !review || line.kind === 'hunk') return <i className="ln">{at}</i>;
    return (
      <button
        type="button"
        className="ln"
        tabIndex={line === first ? 0 : -1}
        onKeyDown={walk}
        aria-label={`Comment on ${side === 'old' ? 'removed ' : ''}line ${at}`}
        onClick={() => setEditing(keyOf(line, side))}
      >
        {at}
      </button>
    );
  };
  const under = (line: DiffLine, side: Side): ReactNode => {
    if (!review || placeOf(line, side) === null) return null;
    const key = keyOf(line, side);
    const remark = review.remarks.find((r) => r.key === key);
    if (editing === key)
      return (
        <RemarkEditor
          label={`Comment on line ${placeOf(line, side)} of ${file.path}`}
          first={remark?.text ?? ''}
          onClose={() => setEditing(null)}
          onSave={(text) => {
            review.put({
              key,
              side,
              file: file.path,
              line: placeOf(line, side),
              quote: `${marks[line.kind]} ${line.text}`.slice(0, 500),
              text,
            });
            setEditing(null);
          }}
        />
      );
    return remark ? (
      <RemarkNote remark={remark} onEdit={() => setEditing(key)} onDrop={() => review.drop(key)} />
    ) : null;
  };
  const body = split ? (
    <SplitRows lines={lines} colours={colours} number={number} under={under} />
  ) : (
    lines.map((line, i) => (
      <div key={String(i)}>
        <div className={`line ${line.kind}`}>
          {number(line, sideOf(line))}
          <b>{marks[line.kind]}</b>
          <Code line={line} pieces={colours.get(i)} />
        </div>
        {under(line, sideOf(line))}
      </div>
    ))
  );
  return (
    <Scroll className={split ? 'diff split' : 'diff'} label={`Diff of ${file.path}`}>
      <div>{body}</div>
    </Scroll>
  );
}

function SplitRows({
  lines,
  colours,
  number,
  under,
}: {
  lines: DiffLine[];
  colours: Map<number, Piece[]>;
  number: (line: DiffLine, side: Side) => ReactNode;
  under: (line: DiffLine, side: Side) => ReactNode;
}) {
  const rows = useMemo(() => sideBySide(lines), [lines]);
  const half = (i: number | null, side: Side) => {
    const line = i === null ? null : lines[i];
    if (!line) return <div className="half void" />;
    return (
      <div className={`half ${line.kind}`}>
        {number(line, side)}
        <b>{marks[line.kind]}</b>
        <span>
          <Code line={line} pieces={colours.get(i ?? -1)} />
        </span>
      </div>
    );
  };
  return rows.map((row, n) => {
    const left = row.left === null ? null : lines[row.left];
    const right = row.right === null ? null : lines[row.right];
    if (left?.kind === 'hunk')
      return (
        <div key={String(n)} className="line hunk">
          <i className="ln" />
          <b />
          {left.text}
        </div>
      );
    return (
      <div key={String(n)}>
        <div className="pair">
          {half(row.left, 'old')}
          {half(row.right, 'fresh')}
        </div>
        {left?.kind === 'remove' ? under(left, 'old') : null}
        {right ? under(right, 'fresh') : null}
      </div>
    );
  });
}
