/** More places than this are counted and not named: what is refused is chosen by whoever tries. */
const MOST_NAMED = 20;
const LONGEST = 200;

/** What a run wanted to reach and did not: each place is told once, and at the end how often. */
export function createRefusals(say: (what: string) => string): {
  told(what: string): string | null;
  /** One line about what was refused more than once; null when nothing was. */
  summary(): string | null;
} {
  const times = new Map<string, number>();
  let others = 0;
  return {
    told(place) {
      const what = place.slice(0, LONGEST);
      const before = times.get(what);
      if (before === undefined && times.size >= MOST_NAMED) {
        others++;
        return null;
      }
      times.set(what, (before ?? 0) + 1);
      return before === undefined ? say(what) : null;
    },
    summary() {
      const often = [...times].filter(([, n]) => n > 1).map(([what, n]) => `${what} ${n} times`);
      if (others > 0) often.push(`other places ${others} times`);
      return often.length > 0 ? `Refused altogether: ${often.join(', ')}.` : null;
    },
  };
}
