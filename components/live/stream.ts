import type { TRPCClient } from '@trpc/client';
import type { AppRouter } from '#server/api/root.ts';
import type { FeedEvent } from '#server/domain/views.ts';
import { goToSignIn } from './refusal.ts';

export type Phase = 'connecting' | 'live' | 'paused';

type Wire =
  | { kind: 'message'; id: string; message: FeedEvent }
  | { kind: 'phase'; phase: Phase }
  | { kind: 'who' };

interface StreamHandlers {
  onMessage: (message: FeedEvent) => void;
  onPhase: (phase: Phase) => void;
}

const lockName = 'alai-stream';

/**
 * One event stream per browser, because a browser allows six connections per origin: the tab that holds the lock
 * subscribes and tells the others. When it closes, the next tab takes over where the last one stopped. Returns stop.
 */
export function openStream(client: TRPCClient<AppRouter>, handlers: StreamHandlers): () => void {
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
      const subscription = client.events.feed.subscribe(lastEventId ? { lastEventId } : undefined, {
        onData: ({ id, data }) => {
          lastEventId = id;
          handlers.onMessage(data);
          channel?.postMessage({ kind: 'message', id, message: data } satisfies Wire);
        },
        onConnectionStateChange: (s) =>
          setPhase(
            s.state === 'pending' ? 'live' : phase === 'connecting' && !s.error ? 'connecting' : 'paused',
          ),
        onError: (e) => {
          setPhase('paused');
          goToSignIn(e);
        },
        onStopped: () => resolve(),
      });
      stopped.signal.addEventListener('abort', () => {
        subscription.unsubscribe();
        resolve();
      });
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
