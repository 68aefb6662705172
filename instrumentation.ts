/**
 * `next start` waits for every open connection, so the streams must be ended first (server/api/shutdown.ts); and whoever started it wants
 * to hear that it works (server/api/alive.ts).
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { stopOnSignal } = await import('#server/api/shutdown.ts');
    stopOnSignal();
    const { reportAlive } = await import('#server/api/alive.ts');
    reportAlive();
  }
}
