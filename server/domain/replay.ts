import { fold } from './replay-fold.ts';
import { emptyState, type ReplayState } from './replay-state.ts';
import type { LogEntry } from './views/replay.ts';

/** A moment of the log: everything one transaction wrote, true from the time of its last event. */
export interface Moment {
  at: number;
  entries: LogEntry[];
}

/** The log as moments, in the order in which they became true. */
export function momentsOf(log: readonly LogEntry[]): Moment[] {
  const byTx = new Map<string, Moment & { seq: number }>();
  for (const e of [...log].sort((a, b) => a.seq - b.seq)) {
    const m = byTx.get(e.tx) ?? { at: 0, seq: e.seq, entries: [] };
    m.entries.push(e);
    m.at = Math.max(m.at, e.at.getTime());
    m.seq = e.seq;
    byTx.set(e.tx, m);
  }
  return [...byTx.values()].sort((a, b) => a.at - b.at || a.seq - b.seq);
}

/** The state after the first `count` moments. Events are folded in the order they were written: rows are locked by whoever writes. */
export function replay(moments: readonly Moment[], count = moments.length): ReplayState {
  const s = emptyState();
  const told = moments.slice(0, count).flatMap((m) => m.entries);
  for (const e of told.sort((a, b) => a.seq - b.seq)) fold(s, e);
  return s;
}

/**
 * The same, for somebody who plays the log: going on folds only what is new, going back begins anew. The state it answers is
 * its own and changes with the next call.
 */
export function player(moments: readonly Moment[]): (count: number) => ReplayState {
  let state = emptyState();
  let told = 0;
  return (count) => {
    if (count < told) {
      state = emptyState();
      told = 0;
    }
    // Moments that overlap wrote different rows, so that each may follow the other.
    for (; told < Math.min(count, moments.length); told++)
      for (const e of moments[told]?.entries ?? []) fold(state, e);
    return state;
  };
}

/** How many moments had happened at `t`. */
export function countAt(moments: readonly Moment[], t: number): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((moments[mid]?.at ?? 0) <= t) low = mid + 1;
    else high = mid;
  }
  return low;
}
