/**
 * Text from repositories, commands and models is shown to people: terminal sequences and direction overrides in it are
 * made visible instead of being obeyed.
 */
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** Colours are dropped, everything else invisible becomes `\u{…}`. */
export function escapeText(text: string): string {
  return text
    .replace(ANSI, '')
    .replace(/\r\n?/g, '\n')
    .replace(HIDDEN, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}

/** Cuts the middle out, because the beginning names the command and the end names the failure. */
export function capText(text: string, bytes: number): { text: string; cut: boolean } {
  const all = Buffer.from(text);
  if (all.length <= bytes) return { text, cut: false };
  const head = all.subarray(0, Math.floor(bytes / 3)).toString();
  const tail = all.subarray(all.length - Math.floor((bytes * 2) / 3)).toString();
  return { text: `${head}\n… ${all.length - bytes} bytes left out …\n${tail}`, cut: true };
}

/** Letters that look like those of "data" and are not folded into them by Unicode. */
const ALIKE: Record<string, string> = {
  '\u0430': 'a',
  '\u03b1': 'a',
  '\u0251': 'a',
  '\u0501': 'd',
  '\u0442': 't',
  '\u03c4': 't',
};
const OPENING = /[<\uff1c\ufe64\u2039\u3008\u27e8\u276c\u276e\u2329]/gu;

/** Whether what follows an opening bracket reads as the fence's own tag, also to an eye that is easily deceived. */
function readsAsFence(rest: string): boolean {
  const letters = rest
    .slice(0, 80)
    .replace(/\\u\{[0-9a-f]+\}/g, '')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}\p{Cc}\s/\\|\u2044\u2215\u29f8\u2571]/gu, '')
    .replace(/[^\p{ASCII}]/gu, (c) => ALIKE[c] ?? c);
  return letters.startsWith('data');
}

/**
 * Foreign text as data in a prompt: it cannot close its own fence, nor open another. Hidden characters are made visible
 * first, and every bracket before something that reads as the fence's tag is written out.
 */
export function fence(kind: string, text: string): string {
  const shown = escapeText(text);
  const inert = shown.replace(OPENING, (bracket, at: number) =>
    readsAsFence(shown.slice(at + bracket.length)) ? '&lt;' : bracket,
  );
  return `<data kind="${kind}">\n${inert}\n</data>`;
}
