import type { BoardCard } from '#server/domain/views/board.ts';

export type Column = BoardCard['column'];
export const columns: Column[] = ['inbox', 'queued', 'working', 'needs-you', 'done'];

export type Arrangement = Record<Column, BoardCard[]>;
export interface Arranged {
  shown: Arrangement;
  /** Moves that wait because the pointer or the focus is in that column. */
  heldBack: Record<Column, number>;
}

const blank = <T>(make: () => T) => Object.fromEntries(columns.map((c) => [c, make()])) as Record<Column, T>;

/**
 * What the board shows next. A column under the pointer keeps its cards and their order: their words change in place,
 * but nothing enters, leaves or moves until it is let go. Everything else follows the server.
 */
export function arrange(
  before: Arrangement | null,
  incoming: BoardCard[],
  held: ReadonlySet<Column>,
): Arranged {
  const shown = blank<BoardCard[]>(() => []);
  const heldBack = blank(() => 0);
  const fresh = new Map(incoming.map((c) => [c.key, c]));
  const kept = new Set<string>();

  if (before)
    for (const column of columns) {
      if (!held.has(column)) continue;
      for (const old of before[column]) {
        const now = fresh.get(old.key);
        if (now?.column !== column) heldBack[column]++;
        shown[column].push(now ?? old);
        kept.add(old.key);
      }
    }

  for (const card of incoming) {
    if (kept.has(card.key)) continue;
    if (before && held.has(card.column)) {
      heldBack[card.column]++;
      // It still stands where it stood, if that column may change; a new card just waits.
      const from = columns.find((c) => before[c].some((b) => b.key === card.key));
      if (from) shown[from].push(card);
      continue;
    }
    shown[card.column].push(card);
  }
  return { shown, heldBack };
}
