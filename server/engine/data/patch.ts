import type { Changes } from '#server/domain/views/changes.ts';

type File = Changes['files'][number];
const clean = (path: string) => path.replace(/^"(.*)"$/, '$1').replace(/^[ab]\//, '');

/** The files of a unified git diff with their added and removed lines. */
export function filesOf(patch: string): File[] {
  const files: File[] = [];
  let file: File | null = null;
  let oldLeft = 0;
  let newLeft = 0;
  for (const line of patch.split('\n')) {
    if (oldLeft > 0 || newLeft > 0) {
      if (line[0] === '+') {
        if (file) file.added++;
        newLeft--;
      } else if (line[0] === '-') {
        if (file) file.removed++;
        oldLeft--;
      } else if (line[0] !== '\\') {
        oldLeft--;
        newLeft--;
      }
      continue;
    }
    if (line.startsWith('diff --git ')) {
      file = {
        path: /"?b\/(.*?)"?$/.exec(line)?.[1] ?? line.slice(11),
        kind: 'modified',
        added: 0,
        removed: 0,
      };
      files.push(file);
    } else if (file) {
      const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
      if (hunk) {
        oldLeft = Number(hunk[1] ?? 1);
        newLeft = Number(hunk[2] ?? 1);
      } else if (line.startsWith('new file')) file.kind = 'added';
      else if (line.startsWith('deleted file')) file.kind = 'deleted';
      else if (line.startsWith('rename to ')) {
        file.kind = 'renamed';
        file.path = clean(line.slice(10));
      } else if (line.startsWith('+++ ') && line !== '+++ /dev/null') file.path = clean(line.slice(4));
    }
  }
  return files;
}
