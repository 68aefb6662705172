// The service worker of /status, and of nothing else (its scope). The page opens from what was kept and asks the network
// for the rest; the state comes from the network first. It keeps nothing of any other page and answers no question.
const VERSION = 'alai-status-1';
const SHELL = '/status';
const DATA = '/api/trpc/status.get';

self.addEventListener('install', (event) => {
  // Not signed in yet, or offline: the next opening keeps it.
  event.waitUntil(keepShell().catch(() => {}).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys())
        if (name.startsWith('alai-') && name !== VERSION) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && url.pathname === SHELL) event.respondWith(openShell(event));
  else if (url.pathname === DATA) event.respondWith(askState(request));
  else if (url.pathname.startsWith('/_next/static/')) event.respondWith(keptOrFetched(request));
});

/** What was kept opens at once, and is replaced behind it; the page itself knows that it is not live yet. */
async function openShell(event) {
  const cache = await caches.open(VERSION);
  const kept = await cache.match(SHELL);
  if (!kept) {
    const answer = await fetch(event.request);
    event.waitUntil(keepShell(answer.clone()).catch(() => {}));
    return answer;
  }
  event.waitUntil(keepShell().catch(() => {}));
  return kept;
}

/** Keeps the page with everything it loads, and drops what it does not load any more: a build leaves nothing behind. */
async function keepShell(given) {
  const answer = given ?? (await fetch(SHELL, { credentials: 'same-origin', headers: { accept: 'text/html' } }));
  if (answer.redirected || answer.status === 401) return forget();
  if (!answer.ok || !(answer.headers.get('content-type') ?? '').includes('text/html')) return;
  const cache = await caches.open(VERSION);
  const html = await answer.clone().text();
  const wanted = new Set(partsOf(html, self.location.origin + SHELL));
  for (const part of wanted) {
    const there = (await cache.match(part)) ?? (await fetched(cache, part));
    if (there && part.split('?')[0].endsWith('.css'))
      for (const deeper of partsOf(await there.clone().text(), self.location.origin + part))
        if ((await cache.match(deeper)) || (await fetched(cache, deeper))) wanted.add(deeper);
  }
  await cache.put(SHELL, answer);
  for (const request of await cache.keys()) {
    const { pathname, search } = new URL(request.url);
    if (pathname.startsWith('/_next/') && !wanted.has(pathname + search)) await cache.delete(request);
  }
}

async function fetched(cache, path) {
  const answer = await fetch(path).catch(() => null);
  if (!answer?.ok) return null;
  await cache.put(path, answer.clone());
  return answer;
}

/** The files of the build that a text names. */
function partsOf(text, base) {
  const found = text.match(/(?:\/_next\/static\/|\.\.?\/(?:media|chunks|static)\/)[\w./~@%-]+(?:\?[\w=&.-]+)?/g) ?? [];
  return found
    .map((part) => new URL(part.replace(/\\$/, ''), base))
    .filter((url) => /\.(?:js|css|woff2?)$/.test(url.pathname))
    .map((url) => url.pathname + url.search);
}

/** The network first; without it the last state that was heard, marked as such. */
async function askState(request) {
  const cache = await caches.open(VERSION);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(DATA, answer.clone());
    else if (answer.status === 401) await forget();
    return answer;
  } catch (error) {
    const last = await cache.match(DATA);
    if (!last) throw error;
    const headers = new Headers(last.headers);
    headers.set('x-alai-last', '1');
    return new Response(last.body, { status: last.status, headers });
  }
}

async function keptOrFetched(request) {
  return (await (await caches.open(VERSION)).match(request)) ?? fetch(request);
}

/** The session is over: what was shown to it leaves this device. */
async function forget() {
  await caches.delete(VERSION);
}

// Notices. To open one shows the card; it decides nothing.
self.addEventListener('push', (event) => {
  let told = {};
  try {
    told = event.data.json();
  } catch {
    // Not one of ours; a browser that shows nothing for a push takes the permission away.
  }
  event.waitUntil(
    self.registration.showNotification(String(told.title ?? 'Mission Control'), {
      body: String(told.body ?? ''),
      tag: String(told.tag ?? 'alai'),
      icon: '/icons/192.png',
      requireInteraction: told.urgent === true,
      data: { url: ownPath(told.url) },
    }),
  );
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const url = new URL(ownPath(event.notification.data?.url), self.location.origin).href;
  event.waitUntil(
    (async () => {
      const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
      const open = windows.find((w) => w.url === url);
      if (open) await open.focus();
      else await self.clients.openWindow(url);
    })(),
  );
});

/** A page of ours, whatever was pushed. */
function ownPath(path) {
  const url = new URL(String(path ?? '/status'), self.location.origin);
  return url.origin === self.location.origin ? url.pathname + url.search : '/status';
}
