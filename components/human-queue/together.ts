import type { CaseView } from '#server/domain/views/question.ts';
import { answers } from '#server/domain/views/queue.ts';

/** Several questions as one: what an answer does to all of them, where all take it, and the reasons any of them offers. */
export function together(views: CaseView[]): Pick<CaseView, 'consequences' | 'suggestedReasons'> {
  const [first] = views;
  const consequences: CaseView['consequences'] = { approve: null, send_back: null, reject: null };
  for (const a of answers) {
    const said = views.map((v) => v.consequences[a]);
    if (said.length === 0 || said.includes(null)) continue;
    consequences[a] =
      said.length === 1
        ? (said[0] ?? null)
        : `${said[0]?.replace(/[.]?$/, '.')} The same for the other ${said.length - 1 === 1 ? 'one' : said.length - 1}.`;
  }
  const reasons = [...new Set(views.flatMap((v) => v.suggestedReasons))];
  return {
    consequences,
    suggestedReasons: views.length === 1 ? (first?.suggestedReasons ?? []) : reasons.slice(0, 5),
  };
}

/** Alike enough to be answered in one go: questions of one kind. Adds or takes one, and says why not where it cannot. */
export function togglePick<T extends { id: number; kind: string }>(
  picked: ReadonlySet<number>,
  item: T,
  items: T[],
  most: number,
): { picked: Set<number>; refused: string | null } {
  const next = new Set(picked);
  if (next.delete(item.id)) return { picked: next, refused: null };
  const other = items.find((i) => next.has(i.id));
  if (other && other.kind !== item.kind)
    return { picked: next, refused: 'Only questions of one kind can be answered together.' };
  if (next.size >= most) return { picked: next, refused: `At most ${most} at once.` };
  next.add(item.id);
  return { picked: next, refused: null };
}

/** Everything of the anchor's kind between it and the item, both included, as a shift-click means it. */
export function pickRange<T extends { id: number; kind: string }>(
  picked: ReadonlySet<number>,
  anchor: number,
  to: number,
  items: T[],
  most: number,
): Set<number> {
  const a = items.findIndex((i) => i.id === anchor);
  const b = items.findIndex((i) => i.id === to);
  if (a < 0 || b < 0) return new Set(picked);
  const kind = items[a]?.kind;
  const range = items.slice(Math.min(a, b), Math.max(a, b) + 1).filter((i) => i.kind === kind);
  return new Set([...new Set([...picked, ...range.map((i) => i.id)])].slice(0, most));
}
