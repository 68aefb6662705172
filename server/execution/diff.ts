import { AlaiError } from '#server/domain/errors.ts';
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
/** Pictures, fonts and archives; anything else counts as text, because one zero byte makes git call source binary. */
const MEDIA =
  /\.(?:png|jpe?g|gif|webp|avif|ico|bmp|tiff?|mp[34]|m4a|mov|webm|ogg|wav|flac|woff2?|ttf|otf|eot|pdf|zip|gz|tgz|bz2|xz|7z|jar|wasm)$/i;

interface Counted extends FileChange {
  /** Git counts no lines in it. */
  binary: boolean;
}

/** Every changed file with its counts; renames are a deletion and an addition. */
export async function changesBetween(gitDir: string, from: string, to: string): Promise<FileChange[]> {
  const counted = await countsBetween(gitDir, from, to);
  const hidden = counted.filter((c) => c.binary && !MEDIA.test(c.path));
  if (hidden.length === 0) return counted.map(plain);
  const lines = new Map<string, number>();
  for (const l of await linesOf(gitDir, from, to, counted)) lines.set(l.file, (lines.get(l.file) ?? 0) + 1);
  return counted.map((c) => (c.binary ? { ...plain(c), added: lines.get(c.path) ?? 0 } : plain(c)));
}

const plain = ({ path, status, added, removed }: Counted): FileChange => ({ path, status, added, removed });

/** Both forms of one run of git: each process is paid for at every step of an attempt. */
async function countsBetween(gitDir: string, from: string, to: string): Promise<Counted[]> {
  const { stdout } = await git(['diff-tree', '-r', ...PLAIN, '-z', '--raw', '--numstat', from, to], {
    gitDir,
  });
  const cells = stdout.split('\0');
  const statuses: [path: string, status: FileChange['status']][] = [];
  const lines = new Map<string, [string, string]>();
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] ?? '';
    // The path after a raw line is taken as it is, whatever it looks like; counts never begin with a colon.
    if (cell.startsWith(':')) statuses.push([cells[++i] ?? '', cell.slice(-1) as FileChange['status']]);
    else if (cell !== '') {
      const [a = '', r = '', ...path] = cell.split('\t');
      lines.set(path.join('\t'), [a, r]);
    }
  }
  return statuses.map(([path, status]) => {
    const [added, removed] = lines.get(path) ?? ['0', '0'];
    return {
      path,
      status,
      added: Number(added) || 0,
      removed: Number(removed) || 0,
      binary: added === '-',
    };
  });
}

/** Every added line with its place. Throws when the lines do not belong to the files that changed. */
export async function linesBetween(gitDir: string, from: string, to: string): Promise<AddedLine[]> {
  return linesOf(gitDir, from, to, await countsBetween(gitDir, from, to));
}

/** The change as a patch for a reader. */
export async function patchBetween(gitDir: string, from: string, to: string): Promise<string> {
  return diffText(gitDir, from, to, await countsBetween(gitDir, from, to), []);
}

async function linesOf(gitDir: string, from: string, to: string, counted: Counted[]): Promise<AddedLine[]> {
  const lines = addedLinesOf(await diffText(gitDir, from, to, counted, ['-U0']));
  const seen = new Set(lines.map((l) => l.file));
  const known = new Set(counted.map((c) => c.path));
  const odd = [
    ...[...seen].filter((f) => !known.has(f)),
    ...counted.filter((c) => c.added > 0 && !seen.has(c.path)).map((c) => c.path),
  ];
  if (odd.length > 0)
    throw new AlaiError(
      'GIT_FAILED',
      `The added lines of ${JSON.stringify(odd[0])} cannot be told from the diff.`,
      'Give the file an ordinary name.',
    );
  return lines;
}

/** A command line has an end. */
const PATHS_AT_ONCE = 200;

/** The diff, and after it that of the files which only look binary, as text. */
async function diffText(gitDir: string, from: string, to: string, counted: Counted[], options: string[]) {
  const diff = ['diff', ...options, ...PLAIN, '--no-color'];
  const hidden = counted.filter((c) => c.binary && !MEDIA.test(c.path)).map((c) => `:(literal)${c.path}`);
  let all = (await git([...diff, from, to], { gitDir })).stdout;
  for (let i = 0; i < hidden.length; i += PATHS_AT_ONCE) {
    const some = hidden.slice(i, i + PATHS_AT_ONCE);
    all += (await git([...diff, '--text', from, to, '--', ...some], { gitDir })).stdout;
  }
  return all;
}

const ESCAPES: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };

/** A file name as git writes it: in quotes, like a text of C, when it holds quotes or control characters. */
function unquoted(name: string): string {
  if (!name.startsWith('"')) return name.replace(/\t$/, '');
  const bytes: Buffer[] = [];
  for (const m of name.slice(1, name.lastIndexOf('"')).matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/gs)) {
    if (m[1] !== undefined) bytes.push(Buffer.from([Number.parseInt(m[1], 8)]));
    else if (m[2] !== undefined) bytes.push(Buffer.from([ESCAPES[m[2]] ?? m[2].charCodeAt(0)]));
    else bytes.push(Buffer.from(m[3] ?? ''));
  }
  return Buffer.concat(bytes).toString();
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
    } else if (l.startsWith('+++ ')) {
      const name = unquoted(l.slice(4));
      file = name.startsWith('b/') ? name.slice(2) : '';
    }
  }
  return out;
}
