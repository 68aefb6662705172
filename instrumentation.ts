/** `next start` waits for every open connection, so the streams must be ended first. See server/api/shutdown.ts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { stopOnSignal } = await import('#server/api/shutdown.ts');
    stopOnSignal();
  }
}
