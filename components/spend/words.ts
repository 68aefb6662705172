import type { BudgetRow, SpendSum, SpendView } from '#server/domain/views/spend.ts';
import { money, plural } from '../ui/format.ts';

/** The page in a sentence or two: what today and this month cost, and where it is going. */
export function spendSentence(v: SpendView): string {
  const day = v.budgets.find((b) => b.scope === 'day');
  const month = v.month;
  const today = `${money(day?.spent ?? 0)} of ${money(day?.limit ?? 0)} today, ${money(month.spent)} of ${money(month.limit)} this month.`;
  if (month.fromDays === 0) return `${today} No day has gone by yet that says where the month is going.`;
  const from =
    month.fromDays === 1 ? 'as yesterday went' : `as the last ${plural(month.fromDays, 'day')} went`;
  const over = month.forecast > month.limit ? ', which is more than its budget' : '';
  return `${today} It ends at about ${money(month.forecast)}${over}, ${from}.`;
}

/** Work that waits for money while nobody is asked: what it waits for, and what helps. */
export function unaskedWait(why: string | null): string {
  const first = 'Nothing has to be answered.';
  if (!why) return `${first} It is looked at again within a minute.`;
  return why.includes('promised to what runs')
    ? `${first} ${why} What the running work does not use comes back by itself; or raise the budget here.`
    : `${first} ${why}`;
}

/** Seconds of work in the largest unit that still says something. */
export function hours(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** 41,200 -> "41k": figures that are compared, not added up. */
export function tokens(n: number): string {
  if (n < 1_000) return String(Math.round(n));
  if (n < 1_000_000) return `${(n / 1_000).toFixed(n < 10_000 ? 1 : 0)}k`;
  return `${(n / 1_000_000).toFixed(1)}M`;
}

/** What the sum is made of, beside the money. */
export function usageOf(s: SpendSum): string {
  const parts = [
    `${tokens(s.tokensIn)} in`,
    `${tokens(s.tokensOut)} out`,
    s.tokensCache > 0 ? `${tokens(s.tokensCache)} cache` : '',
    s.tokensThinking > 0 ? `${tokens(s.tokensThinking)} thinking` : '',
    s.estimated > 0 ? `${plural(s.estimated, 'call')} estimated` : '',
    s.gpuSeconds >= 1 ? `${hours(s.gpuSeconds)} of local models` : '',
  ];
  return parts.filter(Boolean).join(' · ');
}

export type Fill = 'fine' | 'warned' | 'full';
/** How full a budget is, of what is spent and promised. */
export function fillOf(b: Pick<BudgetRow, 'spent' | 'reserved' | 'limit'>): {
  state: Fill;
  spent: number;
  promised: number;
} {
  const share = (n: number) => (b.limit <= 0 ? (n > 0 ? 1 : 0) : Math.min(1, n / b.limit));
  const spent = share(b.spent);
  const state: Fill = b.limit <= 0 || b.spent >= b.limit ? 'full' : spent >= 0.8 ? 'warned' : 'fine';
  return { state, spent, promised: Math.min(1 - spent, share(b.reserved)) };
}

const sources = { own: 'set', general: 'the one for all', default: 'safe default' } as const;
/** Where the figure comes from. */
export const sourceOf = (b: BudgetRow): string =>
  b.from === 'own' && b.setBy
    ? `set by ${b.setBy}`
    : b.key === '' && b.from !== 'default'
      ? `set by ${b.setBy ?? 'somebody'}`
      : sources[b.from];

/** Whether a budget is looked for first: it is for all, set for this work alone, or near its end. */
export const matters = (b: BudgetRow): boolean =>
  b.key === '' || b.from === 'own' || b.raised > 0 || fillOf(b).state !== 'fine';
