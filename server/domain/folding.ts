/**
 * Text as rules read it: without case, marks on letters, look-alikes from other alphabets and invisible characters, so
 * that one rule finds "Izvještaj", "izvjestaj" and "ＩＺＶＪＥŠＴＡＪ". Shared by the safety rails and by routing.
 */

/** Beyond this a text says no more about what a task is, and costs only time. */
export const MAX_FOLDED = 60_000;

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;
const SPECIAL: Record<string, string> = { đ: 'dj', ø: 'o', æ: 'ae', ß: 'ss', ł: 'l', ı: 'i', ð: 'd', ƒ: 'f' };
const SPECIALS = /[đøæßłıðƒ]/g;

/** Letters of other alphabets and the one they look like; case matters, Η is an h and η an n. */
const LOOKS = new Map(
  (
    'аa вb сc еe ёe ѐe гr іi їi јj кk мm нh оo пn рp тt уy хx ѕs һh ԁd ԛq ԝw ѵv ьb ӏl ҽe АA ВB СC ЕE ІI ЈJ КK МM НH ОO РP ТT УY ХX ЅS ' +
    'αa βb γy εe ηn ιi κk λl μu νv οo πn ρp ςc τt υu χx ωw ϳj ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ' +
    'օo ոn սu հh ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz ɑa ɡg ɩi'
  )
    .split(' ')
    .map((pair) => [pair.slice(0, 1), pair.slice(1)] as const),
);
const FOREIGN = /[\p{Script=Cyrillic}\p{Script=Greek}օոսհᴀ-ᴢꜰꜱʀɢʜɪʟɴʙʏɑɡɩ]/u;
const FOREIGN_ALL = new RegExp(FOREIGN.source, 'gu');

/** Bosnian is written in Cyrillic too; a word wholly in it is read, not looked at. */
const CYRILLIC: Record<string, string> = {
  ...Object.fromEntries(
    Array.from('абвгдежзијклмнопрстћуфхцчшё', (c, i) => [c, 'abvgdezzijklmnoprstcufhccse'.charAt(i)]),
  ),
  ђ: 'dj',
  љ: 'lj',
  њ: 'nj',
  џ: 'dz',
};

function words(text: string, by: (word: string) => string): string {
  return FOREIGN.test(text) ? text.replace(/[\p{L}\p{M}\p{N}]+/gu, by) : text;
}
const lookalikes = (word: string) => word.replace(FOREIGN_ALL, (c) => LOOKS.get(c) ?? c);
const transliterated = (word: string) =>
  /^[\p{Script=Cyrillic}\p{M}]+$/u.test(word)
    ? word.toLowerCase().replace(/\p{Script=Cyrillic}/gu, (c) => CYRILLIC[c] ?? c)
    : lookalikes(word);

/** Small letters without marks; blanks kept as they are. */
function bare(text: string): string {
  return text
    .toLowerCase()
    .replace(SPECIALS, (c) => SPECIAL[c] ?? c)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[‐-―−]/g, '-')
    .replace(/[‘’ʼ`]/g, "'");
}
const blanks = (text: string) => text.replace(/[\s_]+/gu, ' ').trim();
const visible = (text: string) =>
  text
    .slice(0, MAX_FOLDED)
    .normalize('NFKC')
    .replace(/[\t\n\r]/g, ' ')
    .replace(HIDDEN, '');

/** One line of plain words; what a pattern or a keyword of the catalogue is compared with. */
export function fold(text: string): string {
  return blanks(bare(words(visible(text), transliterated)));
}

const LEET: Record<string, string> = {
  '0': 'o',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '€': 'e',
  '!': 'i',
  '|': 'l',
};

/** Digits and signs read as letters, in words that have letters too. */
function unleet(text: string, one: 'i' | 'l'): string {
  return text.replace(/[\p{L}\d@$€!|]+/gu, (word) =>
    /\p{L}/u.test(word) && /[\d@$€!|]/.test(word) && !/^[$€]?[\d.]+\p{L}{1,3}$/u.test(word)
      ? word.replace(/[034578@$€!|]/g, (c) => LEET[c] ?? c).replaceAll('1', one)
      : word,
  );
}

const SPELLED = /(?<![\p{L}\p{N}])(?:[\p{L}\p{N}@$][ .*·\-_/+|]{1,2}){3,}[\p{L}\p{N}@$](?![\p{L}\p{N}])/gu;

/** "d e l e t e   d a t a": letters set apart are put together, a wider gap parts words. */
function unspelled(text: string): string {
  return text.replace(SPELLED, (run) => {
    const gap = /[ .*·\-_/+|]{2}/.test(run) ? run.replace(/[ .*·\-_/+|]{2}/g, '\n') : run;
    return gap.replace(/[ .*·\-_/+|]/g, '').replaceAll('\n', ' ');
  });
}

/**
 * Every way a disguised text can be read, plain reading first. Usually there is one; signs inside words, letters set
 * apart and words of look-alikes add more.
 */
export function readings(text: string): string[] {
  const seen = visible(text);
  const bases = [fold(seen)];
  if (FOREIGN.test(seen)) bases.push(blanks(bare(words(seen, lookalikes))));
  if (/\p{Ll}\p{Lu}/u.test(seen)) bases.push(fold(seen.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')));
  const wide = bare(words(seen, transliterated));
  if (wide.match(SPELLED)) bases.push(blanks(unspelled(wide)));
  for (const base of [...bases]) {
    if (/\p{L}[*.·\-|/+]{1,2}\p{L}/u.test(base))
      bases.push(base.replace(/(?<=\p{L})[*.·\-|/+]{1,2}(?=\p{L})/gu, ''));
  }
  for (const base of [...bases]) {
    if (/\p{L}[\d@$€!|]|[\d@$€!|]\p{L}/u.test(base)) bases.push(unleet(base, 'i'), unleet(base, 'l'));
  }
  return [...new Set(bases)];
}

/** A pattern of the catalogue, written with the letters of its language, against folded text. */
export function foldPattern(source: string): string {
  return source
    .replace(/[đĐøØæÆßåÅ]/g, (c) => SPECIAL[c.toLowerCase()] ?? 'a')
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '');
}
