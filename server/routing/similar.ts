import type { Correction, Route, Suggestion } from '#server/domain/views/routing.ts';
import { tokenise } from './vocabulary.ts';

/** Two titles are of one kind when half of what they say is the same. */
const ALIKE = 0.5;
const SMALL = new Set(
  'the a an and or of for in on to with at by is are be it from into that this our we za na u i s sa se je da iz od do po en et og av til pa med som den det er vi skal'.split(
    ' ',
  ),
);

/** The words of a title that carry its meaning, cut to stems so that cases and compounds still meet. */
export function wordsOf(title: string): string[] {
  const words = tokenise(title, 400).tokens.map((t) => t.word);
  return [...new Set(words.filter((w) => w.length > 1 && !SMALL.has(w)).map((w) => w.slice(0, 6)))];
}

function likeness(a: string[], b: string[]): number {
  const shared = a.filter((w) => b.includes(w)).length;
  return shared < 2 && Math.max(a.length, b.length) > 1 ? 0 : shared / Math.min(a.length, b.length);
}

/** What people did with similar tasks, when it is something else than the route: an offer in words, or null. */
export function suggestionFor(
  title: string,
  route: Pick<Route, 'company' | 'complexity'>,
  corrections: (Correction & { words: string[] })[],
  own?: number,
): Suggestion | null {
  const words = wordsOf(title);
  if (words.length === 0) return null;
  const near = corrections.filter((c) => c.taskId !== own && likeness(words, c.words) >= ALIKE);
  const votes = <T>(of: (c: Correction) => T | null, now: T): { value: T; from: Correction[] } | null => {
    const by = new Map<T, Correction[]>();
    for (const c of near) {
      const value = of(c);
      if (value !== null) by.set(value, [...(by.get(value) ?? []), c]);
    }
    const [best] = [...by].sort((a, b) => b[1].length - a[1].length);
    return best && best[0] !== now ? { value: best[0], from: best[1] } : null;
  };
  const company = votes((c) => c.toCompany, route.company);
  const complexity = votes((c) => c.toComplexity, route.complexity);
  if (!company && !complexity) return null;
  const tasks = (n: number) => (n === 1 ? 'a similar task' : `${n} similar tasks`);
  const text = [
    ...(company ? [`You sent ${tasks(company.from.length)} to ${company.value}: use ${company.value}?`] : []),
    ...(complexity
      ? [`You gave ${tasks(complexity.from.length)} complexity ${complexity.value}: use ${complexity.value}?`]
      : []),
  ].join(' ');
  const taskIds = [...new Set([...(company?.from ?? []), ...(complexity?.from ?? [])].map((c) => c.taskId))];
  return { company: company?.value ?? null, complexity: complexity?.value ?? null, text, taskIds };
}
