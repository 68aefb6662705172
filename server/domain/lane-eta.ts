/** When queued work is likely to start on a host, from how long such work took before. */

export interface RunningWork {
  model: string;
  elapsedMs: number;
}
export interface QueuedWork {
  id: number;
  model: string;
}
export interface LaneFacts {
  slots: number;
  /** Model -> attempts at once; a model that is not here has no cap of its own. */
  lanes: Readonly<Record<string, number>>;
  /** How long an attempt with this model takes, as the median of those before; null when there were none. */
  medianMs: (model: string) => number | null;
}

/**
 * Milliseconds until each queued task starts, in the order in which the host takes them; null where nothing is known of what it
 * waits for. Slots are given out as they come free, and a full lane lets the next one past. Pure.
 */
export function startsIn(
  running: readonly RunningWork[],
  queued: readonly QueuedWork[],
  facts: LaneFacts,
): Map<number, number | null> {
  const busy: { model: string; endsAt: number | null }[] = running.map((r) => {
    const median = facts.medianMs(r.model);
    return { model: r.model, endsAt: median === null ? null : Math.max(0, median - r.elapsedMs) };
  });
  const starts = new Map<number, number | null>();
  const waiting = [...queued];
  let now = 0;
  while (waiting.length > 0) {
    const free = facts.slots - busy.length;
    const next =
      free > 0
        ? waiting.findIndex(
            (w) => busy.filter((b) => b.model === w.model).length < (facts.lanes[w.model] ?? facts.slots),
          )
        : -1;
    const [task] = next >= 0 ? waiting.splice(next, 1) : [];
    if (task) {
      starts.set(task.id, now);
      const median = facts.medianMs(task.model);
      busy.push({ model: task.model, endsAt: median === null ? null : now + median });
      continue;
    }
    // The next slot comes free when the first of those that run ends; if nobody knows when, nobody knows what follows.
    const known = busy.filter((b) => b.endsAt !== null).sort((a, b) => (a.endsAt ?? 0) - (b.endsAt ?? 0));
    const [first] = known;
    if (!first || first.endsAt === null) break;
    now = Math.max(now, first.endsAt);
    busy.splice(busy.indexOf(first), 1);
  }
  for (const w of waiting) starts.set(w.id, null);
  return starts;
}

/** "next", "~40 s", "~6 min", "~2.5 h": how far off a start is likely to be; empty where nothing is known. */
export function startText(ms: number | null): string {
  if (ms === null) return '';
  if (ms < 5_000) return 'next';
  if (ms < 90_000) return `~${Math.round(ms / 1_000)} s`;
  if (ms < 90 * 60_000) return `~${Math.round(ms / 60_000)} min`;
  return `~${(ms / 3_600_000).toFixed(1)} h`;
}
