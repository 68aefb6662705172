'use client';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { clock as clockOf } from '../ui/format.ts';
import { Refused, read, type ToldPhone } from './wire.ts';

/** Older than this, a card may not be what it was: its answers are locked. */
const FRESH = 30_000;
const POLL = 5_000;

const everySecond = (listener: () => void) => {
  const timer = setInterval(listener, 1_000);
  return () => clearInterval(timer);
};

/** This device's time to the second; while the server's drawing is taken over, the server's. */
const useTick = (first: number) =>
  useSyncExternalStore(
    everySecond,
    () => Math.floor(Date.now() / 1_000) * 1_000,
    () => first,
  );

const never = () => () => {};
/** True once the browser draws by itself: then it knows the reader's time zone. */
const useInBrowser = () =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

interface Heard {
  view: ToldPhone;
  /** When this page heard it from the server itself; null for what a cache remembered. */
  at: number | null;
}

/**
 * The state of the factory, asked for every five seconds while the page is seen. It is live only when this very page heard
 * it from the server within thirty seconds: what was drawn into the page may come from a cache and proves nothing.
 */
export function useStatus(initial: ToldPhone) {
  const [heard, setHeard] = useState<Heard>({ view: initial, at: null });
  const [silent, setSilent] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const asking = useRef<Promise<void>>(null);

  const refresh = useCallback(async (): Promise<void> => {
    const ask = async () => {
      try {
        const { data, last } = await read<ToldPhone>('status.get');
        setSilent(last);
        setWrong(null);
        setHeard((h) =>
          // Never back in time, and never from heard to remembered.
          last && Date.parse(data.now) <= Date.parse(h.view.now)
            ? h
            : { view: data, at: last ? null : Date.now() },
        );
      } catch (e) {
        if (e instanceof Refused && e.refusal.code === 'SIGN_IN_REQUIRED')
          location.replace('/sign-in?next=/status');
        setSilent(true);
        setWrong(
          e instanceof Refused && e.refusal.code === 'DATABASE_UNREACHABLE' ? e.refusal.message : null,
        );
      }
    };
    // One question at a time; who asks after a change gets an answer from after it.
    const before = asking.current;
    const mine = (before ?? Promise.resolve()).then(ask);
    asking.current = mine;
    await mine;
    if (asking.current === mine) asking.current = null;
  }, []);

  useEffect(() => {
    const seen = () => {
      if (document.visibilityState === 'visible' && !asking.current) void refresh();
    };
    const lost = () => setSilent(true);
    seen();
    const timer = setInterval(seen, POLL);
    document.addEventListener('visibilitychange', seen);
    addEventListener('online', seen);
    addEventListener('offline', lost);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', seen);
      removeEventListener('online', seen);
      removeEventListener('offline', lost);
    };
  }, [refresh]);

  const drawn = Date.parse(heard.view.now);
  const tick = useTick(drawn);
  const inBrowser = useInBrowser();
  const live = !silent && heard.at !== null && tick - heard.at < FRESH;
  return {
    view: heard.view,
    live,
    /** Asked, and no answer came. */
    silent,
    /** What the server itself says is wrong with it. */
    wrong,
    /** The server's time, as far as this device can tell. */
    now: heard.at === null ? Math.max(tick, drawn) : drawn + Math.max(0, tick - heard.at),
    clock: (iso: string, seconds = false) => (inBrowser ? clockOf(new Date(iso), seconds) : ''),
    refresh,
  };
}
