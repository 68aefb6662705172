import type { Safety } from '#server/catalogue/data.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { foldPattern, MAX_FOLDED, readings } from '#server/domain/folding.ts';
import type { Route } from '#server/domain/views/routing.ts';

export const MAX_TITLE = 300;

/** Invisible and direction-changing characters: they make a text look like another one. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The title as it is kept: one line, visible characters only. Throws TITLE_EMPTY and TITLE_TOO_LONG. */
export function cleanTitle(raw: string): string {
  if (raw.length > 50 * MAX_TITLE) throw tooLong(raw.length);
  const title = raw.replace(/\s+/gu, ' ').replace(HIDDEN, '').trim();
  if (title === '') {
    throw new AlaiError(
      'TITLE_EMPTY',
      'The task has no title.',
      'Say in one line what should be there when it is done.',
    );
  }
  if (title.length > MAX_TITLE) throw tooLong(title.length);
  return title;
}

function tooLong(length: number): AlaiError {
  return new AlaiError(
    'TITLE_TOO_LONG',
    `The title has ${length} characters; ${MAX_TITLE} are the most.`,
    'Keep the title to one line and put the rest into the description.',
    { length, max: MAX_TITLE },
  );
}

interface Sign {
  parts: RegExp[];
}
interface Compiled {
  unless: Sign[];
  patterns: { name: string; reason: string; any: Sign[]; unless: Sign[] }[];
}
const compiled = new WeakMap<Safety, Compiled>();

/** The expressions of safety.yaml with their `<words>` put in, made once per version of the file. */
function compile(safety: Safety): Compiled {
  const known = compiled.get(safety);
  if (known) return known;
  const put = (text: string): string =>
    text.replaceAll(/(?<!\?)<([a-z][a-z-]*)>/g, (_, name: string) => `(?:${put(safety.words[name] ?? '')})`);
  const sign = (text: string): Sign => ({
    parts: text.split(' & ').map((part) => new RegExp(foldPattern(put(part.trim())), 'iu')),
  });
  const made: Compiled = {
    unless: safety.unless.map(sign),
    patterns: safety.patterns.map(({ name, reason, any, unless }) => ({
      name,
      reason,
      any: any.map(sign),
      unless: unless.map(sign),
    })),
  };
  compiled.set(safety, made);
  return made;
}

const says = (text: string) => (sign: Sign) => sign.parts.every((part) => part.test(text));

/** Sentences, and their parts: "fix the button, then wipe production" is a harmless part and another one. */
const SENTENCE = /\n{2,}|(?<=[.!?;])\s|\n(?=\s*[-*\d])/u;
const CLAUSE =
  /\s*(?:[,;:]|\s-+\s|\s\+\s|&|\b(?:and|then|also|after that|afterwards|plus|i|te|pa|zatim|onda|nakon toga|og|sa|deretter|etterpa)\b)\s+/u;

/**
 * Whether a human has to see the task before any agent does: the first pattern of safety.yaml that speaks of it, in
 * title, description or tags, however it is disguised. Pure and local: no model can argue its way past it.
 */
export function judgeSafety(
  safety: Safety,
  task: { title: string; description: string; tags: string[] },
  /** Patterns that do not count here. */
  except: ReadonlySet<string> = new Set(),
): Route['held'] {
  const rules = compile(safety);
  const sentences = [task.title, ...task.description.slice(0, MAX_FOLDED).split(SENTENCE), ...task.tags];
  const texts = sentences.flatMap((sentence) =>
    readings(sentence).flatMap((reading) => {
      const clauses = reading.split(CLAUSE);
      return clauses.length > 1 ? [reading, ...clauses] : [reading];
    }),
  );
  for (const text of texts) {
    if (text.length < 3) continue;
    let free: boolean | undefined;
    for (const { name, reason, any, unless } of rules.patterns) {
      if (except.has(name) || !any.some(says(text))) continue;
      free ??= rules.unless.some(says(text));
      if (!free && !unless.some(says(text))) return { pattern: name, reason };
    }
  }
  return null;
}
