import { fold, MAX_FOLDED } from '#server/domain/folding.ts';

/** Which words of a text a keyword stands for: stems, endings of three languages, compounds, phrases. */

export type Language = 'en' | 'bs' | 'no';

export interface Token {
  /** As compared: folded, and spellings that mean the same made one. */
  word: string;
  /** Where in the folded text it begins and ends. */
  start: number;
  end: number;
}

/** aa and å, oe and ø, dj and đ, ije, je and e: spellings of one word. Applied to both sides, so it need not be right. */
function spelling(word: string): string {
  return word
    .replace(/aa/g, 'a')
    .replace(/oe/g, 'o')
    .replace(/dj/g, 'd')
    .replace(/([bcdfgklmnprstvz])i?je/g, '$1e');
}

export interface Text {
  folded: string;
  tokens: Token[];
}

/** A text in words. */
export function tokenise(text: string, limit = MAX_FOLDED): Text {
  const folded = fold(text.slice(0, limit));
  const tokens: Token[] = [];
  for (const m of folded.matchAll(/[\p{L}\p{N}]+/gu))
    tokens.push({ word: spelling(m[0]), start: m.index, end: m.index + m[0].length });
  return { folded, tokens };
}

const set = (list: string) => new Set(['', ...list.split(' ')]);
const ENDINGS: Record<Language, Set<string>> = {
  // English words also with the endings that Bosnian and Norwegian put on loans: backenda, API-et, testovi.
  en: set(
    's es ed d ing er a u om e i ima ama ova ovi ove ovima em en et ene ne aj ajte ati uje ujemo amo ujte ski ska sko n t',
  ),
  bs: set(
    'a e i o u om em ama ima ov ev og oga omu im ih oj ju ja je jom jama iju ijama ova ovi ove ovima evi evima ne ni na no nih nom noj nog nu nima ta tu te mo m ti t la lo li le n',
  ),
  no: set('en et er ene a e ne s ens ets enes ers n t r te tes des re rer ret ing ingen'),
};
const VOWEL = /[aeiou]$/;

interface Part {
  /** The letters every match begins with; null when it may be the end of a compound. */
  begins: string | null;
  /** How strongly the token stands for this part: 0 not at all, 1 wholly, less as the first half of a compound. */
  match(word: string): number;
}

const MODIFIER = 0.35;

function part(source: string, language: Language): Part {
  const word = spelling(source.replaceAll('*', ''));
  const endings = ENDINGS[language];
  const begins = word.slice(0, 2);
  if (source.endsWith('*'))
    return {
      begins: language === 'no' ? null : begins,
      match: (w) => (w.startsWith(word) || (language === 'no' && compound(w, word, null)) ? 1 : 0),
    };
  const plain = (w: string) => {
    if (w === word) return true;
    if (word.length < 3 || !w.startsWith(word.slice(0, -1))) return false;
    if (w.startsWith(word) && (word.length > 3 || language === 'bs') && endings.has(w.slice(word.length)))
      return true;
    if (word.length < 4) return language === 'en' && w === `${word}s`;
    if (language === 'en') {
      const last = word.slice(-1);
      return (
        (last === 'e' && (w === `${word.slice(0, -1)}ing` || w === `${word}d`)) ||
        (last === 'y' && (w === `${word.slice(0, -1)}ies` || w === `${word.slice(0, -1)}ied`)) ||
        w === `${word}${last}ing` ||
        w === `${word}${last}ed`
      );
    }
    return (
      VOWEL.test(word) && word.length > 3 && w.length >= word.length && endings.has(w.slice(word.length - 1))
    );
  };
  if (language !== 'no' || word.length < 4) return { begins, match: (w) => (plain(w) ? 1 : 0) };
  const stem = word.endsWith('e') ? word.slice(0, -1) : word;
  return {
    begins: null,
    match: (w) => {
      if (plain(w)) return 1;
      if (compound(w, stem, endings)) return 1;
      const first = word.length > 4 && w.startsWith(word) && w.length >= word.length + 4;
      return first ? MODIFIER : 0;
    },
  };
}

/** A compound is what its last part is: a betalingsknapp is a button. */
function compound(w: string, head: string, endings: Set<string> | null): boolean {
  const at = w.indexOf(head, 3);
  return at > 0 && (endings === null || endings.has(w.slice(at + head.length)));
}

export interface Keyword {
  id: number;
  /** As it is written in the file. */
  words: string;
  weight: number;
  parts: Part[];
}

export interface KeywordHit {
  keyword: Keyword;
  /** Positions of its tokens: first, and how many. */
  at: number;
  length: number;
  strength: number;
}

/** Many keywords that look at one text together: what a word stands for is found out once per word, not once per text. */
export class Vocabulary<Owner> {
  private size = 0;
  /** By the letters they begin with, so that a word is not compared with all of them; those of compounds under ''. */
  private readonly keywords = new Map<string, { keyword: Keyword; owner: Owner }[]>();
  private readonly known = new Map<string, { keyword: Keyword; owner: Owner; strength: number }[]>();

  add(owner: Owner, words: string, weight: number, language: Language): void {
    const parts = fold(words)
      .split(/[^\p{L}\p{N}*]+/u)
      .filter(Boolean)
      .map((p) => part(p, language));
    if (parts.length === 0) return;
    this.size += 1;
    const key = parts[0]?.begins ?? '';
    const list = this.keywords.get(key) ?? [];
    list.push({ keyword: { id: this.size, words, weight, parts }, owner });
    this.keywords.set(key, list);
  }

  /** Every place of every keyword, in the order of the text. */
  find(tokens: Token[]): { owner: Owner; hit: KeywordHit }[] {
    const found: { owner: Owner; hit: KeywordHit }[] = [];
    tokens.forEach(({ word }, at) => {
      for (const { keyword, owner, strength } of this.startingWith(word)) {
        let least = strength;
        for (let i = 1; i < keyword.parts.length && least > 0; i += 1) {
          const next = tokens[at + i];
          least = next ? Math.min(least, (keyword.parts[i] as Part).match(next.word)) : 0;
        }
        if (least > 0)
          found.push({ owner, hit: { keyword, at, length: keyword.parts.length, strength: least } });
      }
    });
    return found;
  }

  private startingWith(word: string) {
    const known = this.known.get(word);
    if (known) return known;
    const near = this.keywords.get(word.slice(0, 2)) ?? [];
    const compounds = /^\d/.test(word) ? [] : (this.keywords.get('') ?? []);
    const found = [...near, ...compounds].flatMap(({ keyword, owner }) => {
      const strength = (keyword.parts[0] as Part).match(word);
      return strength > 0 ? [{ keyword, owner, strength }] : [];
    });
    // Texts of strangers must not fill the memory of a process that runs for months.
    if (this.known.size > 20_000) this.known.clear();
    this.known.set(word, found);
    return found;
  }
}
