import { git } from '#server/platform/git.ts';

/** What changed between two states, read from git in the forms that no file name or content can forge. */

export interface FileChange {
  path: string;
  status: 'A' | 'M' | 'D' | 'T';
  added: number;
  removed: number;
}

export interface AddedLine {
  file: string;
  line: number;
  text: string;
}

const PLAIN = ['--no-renames', '--no-ext-diff', '--no-textconv'];

/** Every changed file with its counts; renames are a deletion and an addition. */
export async function changesBetween(gitDir: string, from: string, to: string): Promise<FileChange[]> {
  const diff = ['diff-tree', '-r', ...PLAIN, '-z'];
  const [names, counts] = await Promise.all([
    git([...diff, '--name-status', from, to], { gitDir }),
    git([...diff, '--numstat', from, to], { gitDir }),
  ]);
  const lines = new Map<string, [number, number]>();
  for (const row of counts.stdout.split('\0')) {
    const [a = '', r = '', path] = row.split('\t');
    if (path !== undefined) lines.set(path, [Number(a) || 0, Number(r) || 0]);
  }
  const cells = names.stdout.split('\0').filter((c) => c !== '');
  const out: FileChange[] = [];
  for (let i = 0; i + 1 < cells.length; i += 2) {
    const path = cells[i + 1] ?? '';
    const [added, removed] = lines.get(path) ?? [0, 0];
    out.push({ path, status: (cells[i] ?? 'M').slice(0, 1) as FileChange['status'], added, removed });
  }
  return out;
}

/** Every added line with its place. */
export async function linesBetween(gitDir: string, from: string, to: string): Promise<AddedLine[]> {
  const { stdout } = await git(['diff', '-U0', ...PLAIN, '--no-color', from, to], { gitDir });
  return addedLinesOf(stdout);
}

/**
 * The added lines of a `diff -U0`. Hunks are read by the counts in their heads: an added line that looks like a head
 * ("++ /dev/null") would otherwise hide what follows it from every check.
 */
export function addedLinesOf(patch: string): AddedLine[] {
  const out: AddedLine[] = [];
  let file = '';
  let line = 0;
  let minus = 0;
  let plus = 0;
  for (const l of patch.split('\n')) {
    if (plus > 0 || minus > 0) {
      if (l.startsWith('-') && minus > 0) minus--;
      else if (l.startsWith('+') && plus > 0) {
        plus--;
        out.push({ file, line: line++, text: l.slice(1) });
      }
      continue;
    }
    const head = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(l);
    if (head) {
      minus = Number(head[1] ?? 1);
      line = Number(head[2]);
      plus = Number(head[3] ?? 1);
    } else if (l.startsWith('+++ ')) file = l.startsWith('+++ b/') ? l.slice(6).replace(/\t$/, '') : '';
  }
  return out;
}
