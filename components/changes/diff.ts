export interface DiffLine {
  kind: 'hunk' | 'same' | 'add' | 'remove' | 'note';
  text: string;
  /** Line number before the change. */
  old: number | null;
  /** Line number after the change. */
  fresh: number | null;
}
export interface DiffFile {
  path: string;
  from: string | null;
  kind: 'added' | 'modified' | 'deleted' | 'renamed';
  added: number;
  removed: number;
  lines: DiffLine[];
}

const unquote = (path: string): string => path.replace(/^"(.*)"$/, '$1').replace(/^[ab]\//, '');
const note = (kind: 'hunk' | 'note', text: string): DiffLine => ({ kind, text, old: null, fresh: null });

/** Reads a unified git diff. What it does not understand it shows as a note, so that nothing is hidden. */
export function parseDiff(patch: string): DiffFile[] {
  const files: DiffFile[] = [];
  let file: DiffFile | null = null;
  let old = 0;
  let fresh = 0;
  let leftOld = 0;
  let leftNew = 0;
  for (const line of patch.split('\n')) {
    const inHunk = leftOld > 0 || leftNew > 0;
    if (!inHunk && line.startsWith('diff --git ')) {
      const both = /^diff --git "?a\/(.*?)"? "?b\/(.*?)"?$/.exec(line);
      file = {
        path: both?.[2] ?? line.slice(11),
        from: null,
        kind: 'modified',
        added: 0,
        removed: 0,
        lines: [],
      };
      files.push(file);
      continue;
    }
    if (!file) continue;
    if (inHunk) {
      const mark = line[0];
      if (mark === '+') {
        file.lines.push({ kind: 'add', text: line.slice(1), old: null, fresh: fresh++ });
        file.added++;
        leftNew--;
      } else if (mark === '-') {
        file.lines.push({ kind: 'remove', text: line.slice(1), old: old++, fresh: null });
        file.removed++;
        leftOld--;
      } else if (mark === '\\') file.lines.push(note('note', line.slice(2)));
      else {
        file.lines.push({ kind: 'same', text: line.slice(1), old: old++, fresh: fresh++ });
        leftOld--;
        leftNew--;
      }
      continue;
    }
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/.exec(line);
    if (hunk) {
      old = Number(hunk[1]);
      leftOld = Number(hunk[2] ?? 1);
      fresh = Number(hunk[3]);
      leftNew = Number(hunk[4] ?? 1);
      file.lines.push(note('hunk', `@@${hunk[5] || ` line ${fresh}`}`));
    } else if (line.startsWith('new file')) file.kind = 'added';
    else if (line.startsWith('deleted file')) file.kind = 'deleted';
    else if (line.startsWith('rename from ')) {
      file.kind = 'renamed';
      file.from = unquote(line.slice(12));
    } else if (line.startsWith('rename to ')) file.path = unquote(line.slice(10));
    else if (line.startsWith('+++ ') && line !== '+++ /dev/null') file.path = unquote(line.slice(4));
    else if (line.startsWith('\\ ')) file.lines.push(note('note', line.slice(2)));
    else if (line.startsWith('Binary files') || line.startsWith('GIT binary patch'))
      file.lines.push(note('note', 'Binary file, not shown.'));
  }
  return files;
}

/** One row of a side-by-side diff: indexes into the lines of the file. */
export interface Pair {
  left: number | null;
  right: number | null;
}

/** Removed lines beside the added ones that stand in their place; what is the same stands on both sides. */
export function sideBySide(lines: DiffLine[]): Pair[] {
  const rows: Pair[] = [];
  let removed: number[] = [];
  let added: number[] = [];
  const flush = () => {
    for (let i = 0; i < Math.max(removed.length, added.length); i++)
      rows.push({ left: removed[i] ?? null, right: added[i] ?? null });
    removed = [];
    added = [];
  };
  lines.forEach((line, i) => {
    if (line.kind === 'remove') {
      if (added.length > 0) flush();
      removed.push(i);
    } else if (line.kind === 'add') added.push(i);
    else if (line.kind !== 'note') {
      flush();
      rows.push({ left: i, right: i });
    }
  });
  flush();
  return rows;
}

const bare = (text: string) => text.replace(/\s+/g, '');

/** The lines without those that differ in blanks only: these are shown once, as they are now. */
export function withoutBlanks(lines: DiffLine[]): DiffLine[] {
  const out: DiffLine[] = [];
  let run: DiffLine[] = [];
  const flush = () => {
    const removed = run.filter((l) => l.kind === 'remove');
    const added = run.filter((l) => l.kind === 'add');
    const alike =
      removed.length === added.length && removed.every((l, i) => bare(l.text) === bare(added[i]?.text ?? ''));
    if (alike)
      out.push(...added.map((l, i) => ({ ...l, kind: 'same' as const, old: removed[i]?.old ?? null })));
    else out.push(...run);
    run = [];
  };
  for (const line of lines) {
    if (line.kind === 'add' || line.kind === 'remove') run.push(line);
    else {
      flush();
      out.push(line);
    }
  }
  flush();
  return out;
}
