export { money } from '#server/domain/money.ts';

/** "3s", "4m", "1h 05m", "15h", "2d": the age of something, as short as it stays true. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s}s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m}m`;
  const h = Math.floor(m / 60);
  if (h < 24) return m % 60 && h < 10 ? `${h}h ${String(m % 60).padStart(2, '0')}m` : `${h}h`;
  return `${Math.floor(h / 24)}d`;
}

/** What is left until something happens: "45s", "1m 50s". */
export const left = (ms: number): string => (ms < 60_000 ? span(ms) : took(ms));

/** A duration that ended: "240ms", "48.2s", "3m 12s". */
export function took(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const s = Math.round(ms / 1000);
  return `${Math.floor(s / 60)}m ${String(s % 60).padStart(2, '0')}s`;
}

export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** "1 finding", "2 findings". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const two = (n: number) => String(n).padStart(2, '0');

/** The wall clock of the reader: "14:32". */
export function clock(at: Date, seconds = false): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ''}`;
}

/** "14:32" today, "Mon 14:32" this week, "21 Nov 14:32" before. */
export function when(at: Date, now: Date): string {
  if (at.toDateString() === now.toDateString()) return clock(at);
  const days = (now.getTime() - at.getTime()) / 86_400_000;
  const day =
    days < 6
      ? at.toLocaleDateString('en-GB', { weekday: 'short' })
      : at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return `${day} ${clock(at)}`;
}
