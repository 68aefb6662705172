import type { TicketView } from '#server/domain/views/spend.ts';
import { plural, took } from '../ui/format.ts';

/** What a forecast stands on: "Expected, by 6 attempts like it, 18.0s of it to load the model". */
export function ticketText(t: Pick<TicketView, 'from' | 'loadMs'>): string {
  const by =
    t.from === 0
      ? 'A guess by its limits, because too few like it have ended'
      : `Expected, by ${plural(t.from, 'attempt')} like it`;
  return t.loadMs > 0 ? `${by}, and ${took(t.loadMs)} to load the model` : by;
}
