import type { EscalationKind } from '#server/domain/views/queue.ts';

/**
 * Hours that a question may wait before it is asked again, louder. Where an agent stands still in the middle of its work,
 * or money and the outside world hang on it, sooner; where nothing is lost by waiting, later. Time never answers.
 */
export const patienceHours: Record<EscalationKind, number> = {
  permission: 1,
  question: 1,
  budget: 1,
  effect: 1,
  consent: 4,
  safety: 4,
  retries: 4,
  quality: 4,
  rejects: 4,
  merge: 4,
  plan: 4,
  key: 4,
  quota: 4,
  stopped: 4,
  dependency: 8,
  minion: 24,
};

/** A rule may never answer these: they are about rights, money, keys, what a person stopped, and what the law or the owner must see himself. */
export const neverByRule: readonly EscalationKind[] = [
  'safety',
  'consent',
  'permission',
  'budget',
  'question',
  'effect',
  'key',
  'quota',
  'stopped',
];

export const NO_FILES = 'no files';
export const MIXED_FILES = 'mixed files';

/** Where a change is, in one word that two changes can share: `*.md`, `docs/`, or that it is neither. */
export function areaOf(paths: string[]): string {
  const [first] = paths;
  if (first === undefined) return NO_FILES;
  const ending = (p: string) => /[^/.]\.([a-z0-9]{1,8})$/i.exec(p)?.[1]?.toLowerCase() ?? null;
  const top = (p: string) => (p.includes('/') ? p.slice(0, p.indexOf('/') + 1) : null);
  const all = <T>(of: (p: string) => T | null) =>
    of(first) !== null && paths.every((p) => of(p) === of(first));
  if (all(ending)) return `*.${ending(first)}`;
  if (all(top)) return top(first) as string;
  return MIXED_FILES;
}
