export interface DiffLine {
  kind: 'hunk' | 'same' | 'add' | 'remove' | 'note';
  text: string;
  /** Line number on the side that the line belongs to. */
  at: number | null;
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
        file.lines.push({ kind: 'add', text: line.slice(1), at: fresh++ });
        file.added++;
        leftNew--;
      } else if (mark === '-') {
        file.lines.push({ kind: 'remove', text: line.slice(1), at: old++ });
        file.removed++;
        leftOld--;
      } else if (mark === '\\') file.lines.push({ kind: 'note', text: line.slice(2), at: null });
      else {
        file.lines.push({ kind: 'same', text: line.slice(1), at: fresh++ });
        old++;
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
      file.lines.push({ kind: 'hunk', text: `@@${hunk[5] || ` line ${fresh}`}`, at: null });
    } else if (line.startsWith('new file')) file.kind = 'added';
    else if (line.startsWith('deleted file')) file.kind = 'deleted';
    else if (line.startsWith('rename from ')) {
      file.kind = 'renamed';
      file.from = unquote(line.slice(12));
    } else if (line.startsWith('rename to ')) file.path = unquote(line.slice(10));
    else if (line.startsWith('+++ ') && line !== '+++ /dev/null') file.path = unquote(line.slice(4));
    else if (line.startsWith('\\ ')) file.lines.push({ kind: 'note', text: line.slice(2), at: null });
    else if (line.startsWith('Binary files') || line.startsWith('GIT binary patch'))
      file.lines.push({ kind: 'note', text: 'Binary file, not shown.', at: null });
  }
  return files;
}
