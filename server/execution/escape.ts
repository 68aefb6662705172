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

/** Foreign text as data in a prompt: it cannot close its own fence. */
export function fence(kind: string, text: string): string {
  return `<data kind="${kind}">\n${text.replace(/<(\/?)data/gi, '<$1 data')}\n</data>`;
}
