export interface Rounds {
  stop(): void;
  /** How long the round that is under way takes already, in milliseconds; 0 between two. */
  readonly takingMs: number;
}

/** Runs `fn` again `ms` after it ended, never twice at a time; an error is told and the next round comes all the same. */
export function every(ms: number, fn: () => Promise<void>, onError: (e: unknown) => void): Rounds {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let began: number | undefined;
  const round = async () => {
    began = Date.now();
    try {
      await fn();
    } catch (e) {
      onError(e);
    } finally {
      began = undefined;
    }
    if (!stopped) timer = setTimeout(() => void round(), ms);
  };
  timer = setTimeout(() => void round(), 0);
  return {
    get takingMs() {
      return began === undefined ? 0 : Date.now() - began;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
