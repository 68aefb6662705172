import type { Routing } from '#server/catalogue/data.ts';
import { foldPattern } from '#server/domain/folding.ts';
import type { TaskText } from './schema.ts';
import { type Language, type Text, tokenise } from './vocabulary.ts';

export type Place = 'title' | 'tags' | 'description';

/** A part of the task with how much each of its words counts. */
export interface Reading {
  place: Place;
  text: Text;
  /** One factor per token: negative where the text says to leave it alone, small after "in the …". */
  factors: number[];
}

export interface Readings {
  parts: Reading[];
  /** The title without the project before it and without "please": what is asked, verb first. */
  head: string;
  /** Title and description in folded words. */
  all: string;
  language: Language;
}

const DESCRIPTION = 20_000;
const AWAY = 0.6;
const AGAINST = -0.6;

const COURTESY =
  /^(?:(?:please|pls|kindly|hi|hello|hey|can you|could you|would you|we need to|we need|we should|we must|need to|i need you to|i want you to|i want|i need|you should|let'?s|just|quickly|urgent(?:ly)?|asap|todo|task|maybe|molim(?: te| vas)?|treba(?:mo|s)?(?: nam)?(?: da)?|moramo(?: da)?|mozes li|mozete li|hajde|hitno|potrebno je|potreban je|zelim(?: da)?|da|vennligst|kan du|kunne du|vi ma|vi trenger(?: a)?|vi bor|vi skal|du ma|fint om du|haster|trenger|ma|bare)\b[\s,!:-]*)+/u;
const PREFIX = /^(?:\[[^\]]{1,40}\]\s*|[\p{L}\p{N} .-]{1,40}:\s+|[\p{L}\p{N}]{2,20} - )/u;

function headOf(title: string): string {
  const bare = title.replace(/^["'(*#\s]+/, '').replace(PREFIX, '');
  return bare.replace(COURTESY, '') || bare || title;
}

const SAYS: Record<'bs' | 'no', RegExp> = {
  no: /\b(?:og|en|et|av|til|pa|med|ikke|det|som|er|vi|nar|fra|ved|skal|ny|nye|hver|mot|lag|lage|legg|rett|skriv|fiks|hvordan)\b/gu,
  bs: /\b(?:je|se|sa|na|iz|kad|koji|koja|koje|su|nije|bez|da|li|ili|novi|nova|novu|svake|kako|dodaj|napravi|napisi|popravi|ispravi|nakon|prije|preko|treba|u)\b/gu,
};

function languageOf(raw: string, folded: string): Language {
  const count = (of: RegExp) => folded.match(of)?.length ?? 0;
  const no = count(SAYS.no) + (/[øæå]/iu.test(raw) ? 2 : 0);
  const bs = count(SAYS.bs) + (/[čćšžđ]/iu.test(raw) ? 2 : 0);
  if (no === 0 && bs === 0) return 'en';
  return no >= bs ? 'no' : 'bs';
}

interface Grammar {
  negations: RegExp[];
  prepositions: Record<Language, Set<string>>;
}
const grammars = new WeakMap<Routing, Grammar>();

function grammarOf(routing: Routing): Grammar {
  const known = grammars.get(routing);
  if (known) return known;
  const made = {
    negations: routing.negations.map((p) => new RegExp(foldPattern(p), 'giu')),
    prepositions: {
      en: new Set(routing.prepositions.en),
      bs: new Set(routing.prepositions.bs),
      no: new Set(routing.prepositions.no),
    },
  };
  grammars.set(routing, made);
  return made;
}

function factorsOf(text: Text, grammar: Grammar, away: Set<string> | null): number[] {
  const against = grammar.negations.flatMap((p) =>
    [...text.folded.matchAll(p)].map((m) => [m.index, m.index + m[0].length] as const),
  );
  let passed = false;
  return text.tokens.map((token, i) => {
    if (against.some(([from, to]) => token.start >= from && token.end <= to)) return AGAINST;
    const alone = text.folded[token.start - 1] === ' ' && text.folded[token.end] === ' ';
    if (away && i > 0 && alone && away.has(text.folded.slice(token.start, token.end))) passed = true;
    else if (/[.;:!?—]/u.test(text.folded.slice(text.tokens[i - 1]?.end ?? 0, token.start))) passed = false;
    return passed ? AWAY : 1;
  });
}

/** Reads a task: its parts in words, what each word counts, and what the title asks for. */
export function readTask(routing: Routing, task: TaskText): Readings {
  const grammar = grammarOf(routing);
  const title = tokenise(task.title);
  const tags = tokenise(task.tags.join(' , '));
  const description = tokenise(task.description, DESCRIPTION);
  const language = languageOf(task.title, title.folded);
  return {
    parts: [
      {
        place: 'title',
        text: title,
        factors: factorsOf(title, grammar, grammar.prepositions[language]),
      },
      { place: 'tags', text: tags, factors: tags.tokens.map(() => 1) },
      { place: 'description', text: description, factors: factorsOf(description, grammar, null) },
    ],
    head: headOf(title.folded),
    all: `${title.folded}\n${description.folded}`,
    language,
  };
}
