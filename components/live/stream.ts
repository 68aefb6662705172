import type { FeedEvent } from '#server/domain/views/feed.ts';

export type Phase = 'connecting' | 'live' | 'paused';

type Wire =
  | { kind: 'message'; id: string; message: FeedEvent }
  | { kind: 'phase'; phase: Phase }
  | { kind: 'who' };

interface StreamHandlers {
  onMessage: (message: FeedEvent) => void;
  onPhase: (phase: Phase) => void;
  /** The server sent this reader away: he is not signed in any more. */
  onSignedOut: () => void;
}

const lockName = 'alai-stream';
/** The server says something every ten seconds; after this long the connection is dead, whatever the browser thinks. */
const SILENT_MS = 25_000;
const RETRY_MS = 2_000;

/**
 * One event stream per browser, because a browser allows six connections per origin: the tab that holds the lock
 * subscribes and tells the others. When it closes, the next tab takes over where the last one stopped. Returns stop.
 */
export function openStream(handlers: StreamHandlers): () => void {
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(lockName);
  const stopped = new AbortController();
  let lastEventId: string | undefined;
  let phase: Phase = 'connecting';
  let leading = false;

  const setPhase = (next: Phase) => {
    phase = next;
    handlers.onPhase(next);
    if (leading) channel?.postMessage({ kind: 'phase', phase: next } satisfies Wire);
  };

  if (channel)
    channel.onmessage = ({ data }: MessageEvent<Wire>) => {
      if (data.kind === 'who') {
        if (leading) channel.postMessage({ kind: 'phase', phase } satisfies Wire);
      } else if (!leading && data.kind === 'phase') handlers.onPhase(data.phase);
      else if (!leading && data.kind === 'message') {
        lastEventId = data.id;
        handlers.onMessage(data.message);
      }
    };

  const lead = () =>
    new Promise<void>((resolve) => {
      leading = true;
      let source: EventSource | undefined;
      let silence: ReturnType<typeof setTimeout> | undefined;
      let again: ReturnType<typeof setTimeout> | undefined;
      const open = () => {
        source?.close();
        source = new EventSource(
          `/api/events${lastEventId ? `?after=${encodeURIComponent(lastEventId)}` : ''}`,
        );
        heard();
        source.addEventListener('open', () => setPhase('live'));
        source.addEventListener('ping', heard);
        source.addEventListener('signed-out', () => handlers.onSignedOut());
        source.addEventListener('message', ({ data, lastEventId: id }: MessageEvent<string>) => {
          heard();
          const told = JSON.parse(data) as FeedEvent;
          const message = { ...told, at: new Date(told.at) };
          if (id) lastEventId = id;
          handlers.onMessage(message);
          channel?.postMessage({ kind: 'message', id: lastEventId ?? id, message } satisfies Wire);
        });
        source.addEventListener('error', () => {
          setPhase('paused');
          // Some answers make the browser give up by itself; whether he may still come in is asked then.
          if (source?.readyState !== EventSource.CLOSED) return;
          handlers.onSignedOut();
          clearTimeout(again);
          again = setTimeout(open, RETRY_MS);
        });
      };
      const heard = () => {
        clearTimeout(silence);
        silence = setTimeout(() => {
          setPhase('paused');
          open();
        }, SILENT_MS);
      };
      stopped.signal.addEventListener('abort', () => {
        source?.close();
        clearTimeout(silence);
        clearTimeout(again);
        resolve();
      });
      open();
    });

  // Without locks (plain http on another machine) each tab has its own stream: correct, only dearer.
  if (navigator.locks) {
    navigator.locks.request(lockName, { signal: stopped.signal }, lead).catch(() => undefined);
    channel?.postMessage({ kind: 'who' } satisfies Wire);
  } else void lead();

  return () => {
    stopped.abort();
    channel?.close();
  };
}
