/** What a model that only advises may hand in: files, changes to files, and one JSON object. Read, never carried out here. */

export interface Advice {
  /** Whole files, in the order they were given. */
  files: { path: string; content: string }[];
  changes: FileChange[];
  /** The last JSON object of the answer; null when there is none that can be read. */
  said: Record<string, unknown> | null;
  /** What could not be understood, in words the model can act on. */
  problems: string[];
}

export interface FileChange {
  path: string;
  hunks: { before: string[]; after: string[] }[];
}

interface Block {
  language: string;
  /** The line above the fence. */
  above: string;
  text: string;
}

const FENCE = /^(\s{0,3})(`{3,}|~{3,})\s*([\w+.-]*)[^`]*$/;
const FILE_LINE = /^[\s>*#-]*(?:\*\*)?FILE:\s*[`"]?([^`"*]+?)[`"]?(?:\*\*)?\s*$/i;

/** Reads an answer. Only fenced blocks count: a path or a verdict in prose is prose. */
export function readAdvice(text: string): Advice {
  const advice: Advice = { files: [], changes: [], said: null, problems: [] };
  const { blocks, open } = blocksOf(text.replace(/\r\n?/g, '\n'));
  if (open) advice.problems.push('the last block is not closed: the answer broke off');
  for (const block of blocks) {
    const file = FILE_LINE.exec(block.above)?.[1]?.trim();
    if (file) {
      advice.files.push({ path: file, content: block.text });
    } else if (/^(diff|patch)$/i.test(block.language)) {
      const { changes, problems } = readDiff(block.text);
      advice.changes.push(...changes);
      advice.problems.push(...problems);
    } else if (/^json$/i.test(block.language)) {
      advice.said = objectOf(block.text);
      if (!advice.said) advice.problems.push('the JSON block is not a JSON object');
    }
  }
  // Servers that were asked for a shape answer with it alone.
  if (blocks.length === 0) advice.said = objectOf(text);
  return advice;
}

function blocksOf(text: string): { blocks: Block[]; open: boolean } {
  const blocks: Block[] = [];
  let above = '';
  let current: { fence: string; block: Block; lines: string[] } | null = null;
  for (const line of text.split('\n')) {
    if (current) {
      if (line.trim().startsWith(current.fence) && /^(`+|~+)$/.test(line.trim())) {
        current.block.text = current.lines.length > 0 ? `${current.lines.join('\n')}\n` : '';
        blocks.push(current.block);
        current = null;
        above = '';
      } else current.lines.push(line);
      continue;
    }
    const opening = FENCE.exec(line);
    if (opening)
      current = {
        fence: opening[2] ?? '```',
        block: { language: opening[3] ?? '', above, text: '' },
        lines: [],
      };
    else if (line.trim() !== '') above = line;
  }
  return { blocks, open: current !== null };
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.trim());
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** A unified diff, by its lines: the numbers of a hunk are often wrong, its text has to be right. */
function readDiff(text: string): { changes: FileChange[]; problems: string[] } {
  const changes: FileChange[] = [];
  const problems: string[] = [];
  let from = '';
  let file: FileChange | null = null;
  let hunk: FileChange['hunks'][number] | null = null;
  const lines = text.replace(/\n$/, '').split('\n');
  for (const [i, line] of lines.entries()) {
    if (
      /^(diff --git|index |new file mode|deleted file mode|similarity|rename |old mode|new mode)/.test(line)
    ) {
      file = null;
      hunk = null;
    } else if (line.startsWith('--- ') && lines[i + 1]?.startsWith('+++ ')) {
      from = nameOf(line);
    } else if (line.startsWith('+++ ') && lines[i - 1]?.startsWith('--- ')) {
      const to = nameOf(line);
      hunk = null;
      file = null;
      if (to === '/dev/null') problems.push(`"${from}" cannot be deleted here`);
      else {
        file = { path: to, hunks: [] };
        changes.push(file);
      }
    } else if (file && line.startsWith('@@')) {
      hunk = { before: [], after: [] };
      file.hunks.push(hunk);
    } else if (hunk && !line.startsWith('\\')) {
      const rest = line.slice(1);
      if (line.startsWith('+')) hunk.after.push(rest);
      else if (line.startsWith('-')) hunk.before.push(rest);
      else {
        hunk.before.push(line === '' ? '' : rest);
        hunk.after.push(line === '' ? '' : rest);
      }
    }
  }
  if (changes.length === 0 && problems.length === 0)
    problems.push('the diff names no file: begin it with --- a/<path> and +++ b/<path>');
  return { changes, problems };
}

const nameOf = (line: string) => (line.slice(4).split('\t')[0] ?? '').trim().replace(/^[ab]\//, '');

/** The text with these hunks in it, or why one does not fit. Each has to be found, once, after the one before it. */
export function applyChange(
  before: string | null,
  change: FileChange,
): { text: string } | { problem: string } {
  const ends = before === null || before === '' || before.endsWith('\n');
  const lines = before ? before.replace(/\n$/, '').split('\n') : [];
  let at = 0;
  for (const [n, hunk] of change.hunks.entries()) {
    const place = hunk.before.length === 0 ? (before ? -1 : 0) : find(lines, hunk.before, at);
    if (place < 0)
      return {
        problem: `part ${n + 1} of the change to "${change.path}" does not fit: its lines are not in the file. Give the whole file instead.`,
      };
    lines.splice(place, hunk.before.length, ...hunk.after);
    at = place + hunk.after.length;
  }
  return { text: lines.join('\n') + (ends ? '\n' : '') };
}

function find(lines: string[], wanted: string[], from: number): number {
  for (let i = from; i + wanted.length <= lines.length; i++)
    if (wanted.every((w, k) => lines[i + k] === w)) return i;
  return -1;
}
