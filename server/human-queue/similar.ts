import { fold } from '#server/domain/folding.ts';

/** Two questions are alike when half of what they say is the same. */
const ALIKE = 0.5;

/** The words of a title, cut so that endings do not matter. */
function wordsOf(title: string): Set<string> {
  const words = fold(title.slice(0, 400)).match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((w) => w.length > 2).map((w) => w.slice(0, 6)));
}

/** The most alike first, the newer before the older; at most `most`. */
export function mostSimilar<T extends { title: string }>(title: string, candidates: T[], most = 5): T[] {
  const words = wordsOf(title);
  if (words.size === 0) return [];
  return candidates
    .map((c, i) => {
      const other = wordsOf(c.title);
      const shared = [...other].filter((w) => words.has(w)).length;
      const likeness = other.size === 0 ? 0 : shared / Math.min(words.size, other.size);
      return { c, i, likeness: shared < 2 && words.size > 1 ? 0 : likeness };
    })
    .filter((x) => x.likeness >= ALIKE)
    .sort((a, b) => b.likeness - a.likeness || a.i - b.i)
    .slice(0, most)
    .map((x) => x.c);
}
