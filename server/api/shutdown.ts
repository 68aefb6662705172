// One controller per process, also when the bundler makes two copies of this file: open streams end with it.
const shared = globalThis as unknown as { alaiStop?: AbortController };
shared.alaiStop ??= new AbortController();

/** Aborted once the server has been told to stop. A stream then throws SERVICE_UNAVAILABLE, so clients come back. */
export const stopping: AbortSignal = shared.alaiStop.signal;

/** Ends the open streams on a signal and leaves at a deadline, because an open connection keeps `next start` alive. */
export function stopOnSignal(): void {
  const codes = { SIGTERM: 143, SIGINT: 130 } as const;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      shared.alaiStop?.abort();
      setTimeout(() => process.exit(codes[signal]), 2_000);
    });
}
