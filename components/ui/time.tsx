'use client';
import { createContext, useContext, useSyncExternalStore } from 'react';
import { span } from './format.ts';

// One ticking second for the whole page; the offset makes ages follow the server's clock, not the reader's.
let offset = 0;
let now = 0;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now() + offset;
    for (const l of listeners) l();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Tells the page what the server's clock says. */
export function syncClock(server: Date): void {
  offset = server.getTime() - Date.now();
  now = server.getTime();
}

/** The moment that a part of the page shows instead of now: ages in it are counted from there. */
export const ShownMoment = createContext<number | null>(null);

/** The server's time, to the second or in larger steps; inside a ShownMoment that moment. */
export function useNow(everyMs = 1_000): number {
  const shown = useContext(ShownMoment);
  const live = useSyncExternalStore(
    subscribe,
    () => {
      if (now === 0) now = Date.now() + offset;
      return everyMs > 1_000 ? Math.floor(now / everyMs) * everyMs : now;
    },
    () => 0,
  );
  return shown ?? live;
}

/** How long ago, ticking: "4m". */
export function Age({ since }: { since: Date }) {
  const at = useNow();
  return (
    <time dateTime={since.toISOString()} suppressHydrationWarning>
      {span(at - since.getTime())}
    </time>
  );
}
