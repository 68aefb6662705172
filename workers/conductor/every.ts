/** Runs `fn` again `ms` after it ended, never twice at a time; an error is told and the next round comes all the same. */
export function every(ms: number, fn: () => Promise<void>, onError: (e: unknown) => void): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const round = async () => {
    try {
      await fn();
    } catch (e) {
      onError(e);
    }
    if (!stopped) timer = setTimeout(() => void round(), ms);
  };
  timer = setTimeout(() => void round(), 0);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
