/** Items per flush: beyond this a batch only gets longer, not cheaper per item (kernel measurement). */
const CAP = 64;
/**
 * One flush of a function at a time: a second one would wait for the first (for the host's row, for a fan-in row), and
 * batches twice as large cost less than two statements side by side, because the other functions fly meanwhile.
 */
const IN_FLIGHT = 1;

interface Waiting<I, O> {
  item: I;
  resolve(o: O): void;
  reject(e: unknown): void;
}

/**
 * Turns single calls into batches: flushes at once when idle, gathers while flushes are in flight.
 * `flush` answers one result per item, in order; when it throws, every item of that batch is refused with the error.
 */
export function coalesce<I, O>(flush: (items: I[]) => Promise<O[]>): (item: I) => Promise<O> {
  let waiting: Waiting<I, O>[] = [];
  let flying = 0;
  const pump = () => {
    while (waiting.length > 0 && flying < IN_FLIGHT) {
      const batch = waiting.slice(0, CAP);
      waiting = waiting.slice(CAP);
      flying++;
      flush(batch.map((w) => w.item))
        .then(
          (out) => {
            batch.forEach((w, i) => {
              w.resolve(out[i] as O);
            });
          },
          (e) => {
            for (const w of batch) w.reject(e);
          },
        )
        .finally(() => {
          flying--;
          pump();
        });
    }
  };
  return (item) =>
    new Promise<O>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      // A microtask later: calls made in the same turn share the first flush too.
      if (waiting.length === 1) queueMicrotask(pump);
    });
}
