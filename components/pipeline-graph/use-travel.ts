'use client';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { viewAt } from '#server/domain/past.ts';
import { countAt, type Moment, player } from '#server/domain/replay.ts';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { type Log, useLog } from './use-log.ts';

export const speeds = [1, 10, 60] as const;
export type Speed = (typeof speeds)[number];

export interface Travel {
  /** The moment that is shown; null is now. */
  at: number | null;
  /** Whether `view` is of that moment. */
  past: boolean;
  view: PipelineView;
  log: Log;
  from: number;
  to: number;
  /** How many of the moments had happened. */
  count: number;
  /** The log does not tell where some chains came from: they began before it held everything. */
  partial: boolean;
  playing: boolean;
  speed: Speed;
  go: (at: number | null) => void;
  step: (by: number) => void;
  play: (on: boolean) => void;
  setSpeed: (speed: Speed) => void;
}

const ticksPerSecond = 12;

/**
 * Travels in a pipeline's log: which moment is shown, and the pipeline as it was then.
 * @param now The server's time, for the end of what still runs.
 */
export function useTravel(live: PipelineView, now: number, start: number | null): Travel {
  const [wanted, setAt] = useState<number | null>(start);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<Speed>(10);
  const log = useLog(live.id, wanted !== null, live.finishedAt === null);
  const { moments } = log;
  const from = moments?.[0]?.at ?? live.createdAt.getTime();
  const last = moments?.at(-1)?.at ?? from;
  const to = Math.max(last, live.finishedAt?.getTime() ?? now);
  // The log has a first moment and a last; what an address asks for beyond is the nearest of them.
  const at = wanted === null || !moments ? wanted : Math.min(Math.max(wanted, from), to);
  const count = at === null || !moments ? 0 : countAt(moments, at);

  const past = at !== null && moments !== null;
  const replayed = useMemo(() => (moments ? player(moments) : null), [moments]);
  // Times between two events differ only by the clock.
  const shown = useMemo(() => {
    const state = past && replayed ? replayed(count) : null;
    return {
      view: state && at !== null ? viewAt(live, state, new Date(at)) : live,
      partial: (state?.untold.size ?? 0) > 0,
    };
  }, [replayed, count, past, live, at]);
  const { view, partial } = shown;

  const go = useCallback(
    (t: number | null) => {
      setPlaying(false);
      setAt(t === null ? null : Math.round(Math.min(Math.max(t, from), to)));
    },
    [from, to],
  );
  const step = useCallback(
    (by: number) => {
      setPlaying(false);
      // Without the log yet, the first step asks for it at the end.
      if (!moments) return setAt((t) => t ?? to);
      setAt((t) => stepped(moments, t ?? to, by, from));
    },
    [moments, from, to],
  );
  const play = useCallback(
    (on: boolean) => {
      if (on) setAt((t) => (t === null || t >= to ? from : t));
      setPlaying(on);
    },
    [from, to],
  );

  const end = useRef(to);
  useEffect(() => {
    end.current = to;
  });
  const ready = moments !== null;
  useEffect(() => {
    if (!playing || !ready) return;
    let before = performance.now();
    const timer = setInterval(() => {
      const t = performance.now();
      const gone = (t - before) * speed;
      before = t;
      setAt((shown) => {
        const next = Math.round((shown ?? end.current) + gone);
        if (next < end.current) return next;
        setPlaying(false);
        return end.current;
      });
    }, 1000 / ticksPerSecond);
    return () => clearInterval(timer);
  }, [playing, ready, speed]);

  return {
    at,
    // Until the log is read the present is shown, and called so.
    past,
    view,
    log,
    from,
    to,
    count,
    partial,
    playing,
    speed,
    go,
    step,
    play,
    setSpeed,
  };
}

/** The time of the moment `by` places away from what is shown at `t`; before the first there is the beginning. */
function stepped(moments: readonly Moment[], t: number, by: number, from: number): number {
  const count = countAt(moments, t);
  let i = count - 1 + by;
  // Moments of the same millisecond are one place on the clock.
  while (by < 0 && i > 0 && moments[i]?.at === t) i--;
  return moments[Math.min(Math.max(i, 0), moments.length - 1)]?.at ?? from;
}
