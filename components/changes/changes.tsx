'use client';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Changes as ChangesView } from '#server/domain/views/changes.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { useKeys } from '../frame/keys.ts';
import { Button, Tag } from '../ui/button.tsx';
import { count, plural } from '../ui/format.ts';
import { useChoice } from '../ui/use-choice.ts';
import { type DiffFile, parseDiff } from './diff.ts';
import { FileDiff } from './file-diff.tsx';
import { FileTree, kindWords } from './file-tree.tsx';
import { SendBack } from './send-back.tsx';
import { inOrder, treeOf } from './tree.ts';
import { useRemarks } from './use-remarks.ts';

/** A file longer than this opens only when asked, and so does everything in a change longer than the second. */
const longFile = 400;
const longChange = 1_500;

const subjects = {
  running: 'Work in progress: what its steps have pushed so far.',
  reviewed: 'The work that this task judges.',
  reverted: 'The commit that takes it back.',
} as const;

interface ChangesProps {
  changes: ChangesView;
  /** Whose change it is; absent where it is only looked at. */
  task?: TaskView;
  /** Files open at first. */
  open?: boolean;
  /** Gives the change the whole width, or takes it back. */
  wide?: { on: boolean; set: (on: boolean) => void };
}

/** Every changed file: the tree beside the diffs where there is room, a choice above them where there is none. */
export function Changes({ changes, task, open = true, wide }: ChangesProps) {
  const parsed = useMemo(() => new Map(parseDiff(changes.patch).map((f) => [f.path, f])), [changes.patch]);
  const tree = useMemo(() => treeOf(changes.files), [changes.files]);
  const files = useMemo(() => inOrder(tree), [tree]);
  const [at, setAt] = useState<string | null>(null);
  const [folded, setFolded] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [view, setView] = useChoice('diff', ['unified', 'split'], 'unified');
  const [blanks, setBlanks] = useState(false);
  const [room, setRoom] = useState<HTMLDivElement | null>(null);
  const roomy = useRoomy(room);
  const review = useRemarks(task?.id ?? 0);
  const mayComment = task?.commands.includes('send-back') ?? false;

  const total = useMemo(() => [...parsed.values()].reduce((n, f) => n + f.lines.length, 0), [parsed]);
  const isOpen = (path: string, i: number) =>
    folded.get(path) ??
    (open && (parsed.get(path)?.lines.length ?? 0) < longFile && (total < longChange || i === 0));
  const setOpen = (path: string, to: boolean) => setFolded((f) => new Map(f).set(path, to));
  const pick = (path: string) => {
    setAt(path);
    setOpen(path, true);
    const head = room?.querySelector<HTMLElement>(`[data-file="${CSS.escape(path)}"] > summary`);
    head?.scrollIntoView({ block: 'start' });
    head?.focus({ preventScroll: true });
  };
  const step = (by: number) => () => {
    const now = files.findIndex((f) => f.path === at);
    const next = files[now < 0 ? (by > 0 ? 0 : files.length - 1) : now + by];
    if (next) pick(next.path);
  };
  useKeys(
    {
      j: step(1),
      k: step(-1),
      u: () => setView(view === 'split' ? 'unified' : 'split'),
      ...(wide ? { w: () => wide.set(!wide.on) } : {}),
    },
    task !== undefined && files.length > 0,
  );

  if (files.length === 0)
    return (
      <p className="p-4 text-muted">
        {task?.state === 'DONE'
          ? 'It changed no file.'
          : 'No file changed yet. The diff shows here once a step has pushed its commit.'}
      </p>
    );
  const remarks = new Map<string, number>();
  for (const r of review.remarks) remarks.set(r.file, (remarks.get(r.file) ?? 0) + 1);
  return (
    <div className="changes" ref={setRoom}>
      {task ? (
        <div className="changes-bar">
          <select
            className="field small pick-file"
            aria-label="File"
            value={at ?? files[0]?.path}
            onChange={(e) => pick(e.target.value)}
          >
            {files.map((f) => (
              <option key={f.path} value={f.path}>
                {f.path}
              </option>
            ))}
          </select>
          <Totals changes={changes} />
          <span className="end flex gap-1">
            <Button
              small
              className="only-roomy"
              aria-pressed={view === 'split'}
              hint="u"
              onClick={() => setView(view === 'split' ? 'unified' : 'split')}
            >
              Side by side
            </Button>
            <Button small aria-pressed={blanks} onClick={() => setBlanks(!blanks)}>
              Ignore blanks
            </Button>
            {wide ? (
              <Button
                small
                className="only-desk"
                aria-pressed={wide.on}
                hint="w"
                onClick={() => wide.set(!wide.on)}
              >
                Wide
              </Button>
            ) : null}
          </span>
        </div>
      ) : null}
      <div className="changes-body">
        {task ? <FileTree folder={tree} at={at} remarks={remarks} onPick={pick} /> : null}
        <div className="changes-files">
          {changes.subject ? <p className="m px-4 py-2">{subjects[changes.subject]}</p> : null}
          {files.map((f, i) => (
            <FileCard
              key={f.path}
              file={f}
              diff={parsed.get(f.path)}
              open={isOpen(f.path, i)}
              onOpen={(to) => setOpen(f.path, to)}
            >
              {(diff) => (
                <FileDiff
                  file={diff}
                  split={roomy && view === 'split' && diff.kind !== 'added' && diff.kind !== 'deleted'}
                  blanks={blanks}
                  review={mayComment ? review : undefined}
                />
              )}
            </FileCard>
          ))}
          <Summary changes={changes} />
        </div>
      </div>
      {task && mayComment ? <SendBack task={task} review={review} /> : null}
    </div>
  );
}

/** Whether two columns of code fit; the style sheet shows the tree from the same width on. */
function useRoomy(room: HTMLDivElement | null): boolean {
  const [roomy, setRoomy] = useState(false);
  useEffect(() => {
    if (!room) return;
    const watch = new ResizeObserver(([e]) => setRoomy((e?.contentRect.width ?? 0) >= 720));
    watch.observe(room);
    return () => watch.disconnect();
  }, [room]);
  return roomy;
}

interface FileCardProps {
  file: ChangesView['files'][number];
  diff: DiffFile | undefined;
  open: boolean;
  onOpen: (to: boolean) => void;
  children: (diff: DiffFile) => ReactNode;
}

/** One file with its counts; its lines are drawn only while it is open. */
function FileCard({ file, diff, open, onOpen, children }: FileCardProps) {
  const lines = diff?.lines.length ?? 0;
  return (
    <details
      className="file"
      data-file={file.path}
      open={open}
      onToggle={(e) => {
        if (e.currentTarget.open !== open) onOpen(e.currentTarget.open);
      }}
    >
      <summary>
        <span className="n cut grow" title={file.path}>
          {file.path}
        </span>
        {!open && lines >= longFile ? <span className="m">{plural(lines, 'line')}, folded</span> : null}
        {kindWords[file.kind] ? <Tag>{kindWords[file.kind]}</Tag> : null}
        <span className="n plus">+{count(file.added)}</span>
        <span className="n minus">−{count(file.removed)}</span>
      </summary>
      {!open ? null : diff ? (
        children(diff)
      ) : (
        <p className="m p-4">The diff of this file is not in the shown part.</p>
      )}
    </details>
  );
}

function Totals({ changes }: { changes: ChangesView }) {
  const added = changes.files.reduce((n, f) => n + f.added, 0);
  const removed = changes.files.reduce((n, f) => n + f.removed, 0);
  return (
    <span className="m whitespace-nowrap">
      {plural(changes.files.length, 'file')} <span className="n plus">+{count(added)}</span>{' '}
      <span className="n minus">−{count(removed)}</span>
    </span>
  );
}

function Summary({ changes }: { changes: ChangesView }) {
  return (
    <p className="m px-4 py-3">
      <Totals changes={changes} />
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
  );
}
