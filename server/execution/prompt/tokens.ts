/** Rough, and on the safe side: code has fewer than four characters a token. */
export const tokensOf = (text: string): number => Math.ceil(text.length / 3);
export const charsOf = (tokens: number): number => tokens * 3;
const figure = (n: number): string => n.toLocaleString('en-US').replaceAll(',', ' ');

export interface Fitted {
  text: string;
  /** What was left out, in words; null when all of it fits. */
  trimmed: string | null;
}

/** Cuts a text down to its budget where it is told to, and says so in the place of what is missing. */
export function within(text: string, budget: number, cut: 'end' | 'middle'): Fitted {
  const chars = charsOf(budget);
  if (text.length <= chars) return { text, trimmed: null };
  const left = figure(tokensOf(text) - budget);
  const note = `… about ${left} tokens left out here to keep within ${figure(budget)} …`;
  const keep = Math.max(0, chars - note.length - 2);
  const head = cut === 'end' ? keep : Math.floor(keep / 3);
  const parts = [
    sound(text.slice(0, head)),
    note,
    ...(cut === 'end' ? [] : [sound(text.slice(text.length - (keep - head)))]),
  ];
  const where = cut === 'end' ? 'from its end' : 'from its middle';
  return { text: parts.join('\n'), trimmed: `about ${left} tokens left out ${where}` };
}

/** Half of a character pair would be garbage to whoever reads it next. */
const sound = (s: string): string => s.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
