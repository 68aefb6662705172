/** A pattern on a line of a megabyte holds the event loop; no pattern of ours looks for more than this. */
const LONG = 2_000;
/** Pieces overlap, so that nothing is hidden by standing where a line was cut. */
const OVERLAP = 200;

/** Added lines as the patterns get them: long ones in pieces that keep their line number. */
export function shortLines<T extends { text: string }>(lines: T[]): T[] {
  if (lines.every((l) => l.text.length <= LONG)) return lines;
  return lines.flatMap((l) => {
    if (l.text.length <= LONG) return [l];
    const pieces: T[] = [];
    for (let at = 0; at < l.text.length; at += LONG - OVERLAP)
      pieces.push({ ...l, text: l.text.slice(at, at + LONG) });
    return pieces;
  });
}
