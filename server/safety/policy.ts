import { fold, readings } from '#server/domain/folding.ts';
import { matchesGlob } from '#server/domain/role-rules.ts';
import type { Rail } from '#server/domain/safety.ts';

export interface TaskText {
  title: string;
  description: string;
  tags: string[];
}

/** A word of a phrase as texts are read; `open` ends in any way. */
interface Word {
  text: string;
  open: boolean;
}
/** Things that must all be in one sentence, each a row of words. */
type Phrase = Word[][];
interface Compiled {
  any: Phrase[];
  unless: Phrase[];
}
const compiled = new WeakMap<Rail, Compiled>();

/** Up to this many other words may stand between two words of a phrase. */
const BETWEEN = 3;

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];

/** "delete customer*" finds "delete all the customers"; "pay + supplier*" finds both in either order. */
function phraseOf(text: string): Phrase {
  return text
    .split(/\s\+\s/)
    .map((part) =>
      [...fold(part).matchAll(/([\p{L}\p{N}]+)(\*?)/gu)].map((m) => ({
        text: m[1] ?? '',
        open: m[2] === '*',
      })),
    )
    .filter((row) => row.length > 0);
}

function compile(rail: Rail): Compiled {
  const known = compiled.get(rail);
  if (known) return known;
  const made = { any: rail.words.map(phraseOf), unless: rail.unless.map(phraseOf) };
  compiled.set(rail, made);
  return made;
}

const fits = (word: Word, text: string) => (word.open ? text.startsWith(word.text) : text === word.text);

/** Whether the words stand in this order, near each other. Places are walked, not guessed: the time is bounded by the text. */
function stands(row: Word[], text: string[]): boolean {
  let ends = text.map((t) => fits(row[0] as Word, t));
  for (const word of row.slice(1)) {
    const before = ends;
    let last = -Infinity;
    ends = text.map((t, i) => {
      if (before[i - 1]) last = i - 1;
      return i - last <= BETWEEN + 1 && fits(word, t);
    });
  }
  return ends.includes(true);
}

const says = (text: string[]) => (phrase: Phrase) =>
  phrase.length > 0 && phrase.every((row) => stands(row, text));

const SENTENCE = /\n+|(?<=[.!?;])\s/u;
/** What looks like a file: a path with a folder, or a name with an ending. */
const FILE = /(?:[\w.@-]{1,60}\/){1,20}[\w.@-]{0,60}|\b[\w-]{1,60}\.[a-z]{1,8}\b/gi;
const plain = (s: string) => s.normalize('NFKC').toLowerCase();

function speaks(rail: Rail, task: TaskText): boolean {
  const { any, unless } = compile(rail);
  if (any.length === 0) return false;
  return [...task.title.split(SENTENCE), ...task.description.split(SENTENCE), ...task.tags]
    .flatMap(readings)
    .map(wordsOf)
    .some((text) => any.some(says(text)) && !unless.some(says(text)));
}

/** The first rail that holds a task in this project: by its words, a label, or a file it names. */
export function judgeRails(
  rails: readonly Rail[],
  task: TaskText,
  projectId: string | null,
): { pattern: string; reason: string } | null {
  const tags = new Set(task.tags.map(plain));
  const files = `${task.title}\n${task.description}`.match(FILE) ?? [];
  const holds = rails.find(
    (r) =>
      (r.projectId === null || r.projectId === projectId) &&
      (r.labels.some((l) => tags.has(plain(l))) ||
        r.paths.some((glob) => files.some((f) => matchesGlob(f.replace(/^\.?\//, ''), glob, 'fold'))) ||
        speaks(r, task)),
  );
  return holds ? { pattern: holds.name, reason: holds.reason } : null;
}
