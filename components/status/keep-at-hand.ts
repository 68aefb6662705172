/** Registers the service worker of this page alone: the other rooms are never served from a cache. */
export function keepAtHand(): void {
  if (process.env.NODE_ENV !== 'production' || !('serviceWorker' in navigator)) return;
  void navigator.serviceWorker
    .register('/sw.js', { scope: '/status', updateViaCache: 'none' })
    .catch(() => {});
}

/** Takes what was kept off this device: whoever signs in next is somebody else until he says who he is. */
export async function forgetKept(): Promise<void> {
  if (!('caches' in globalThis)) return;
  for (const name of await caches.keys()) if (name.startsWith('alai-')) await caches.delete(name);
}
