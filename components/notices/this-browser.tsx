'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { toast } from 'sonner';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { Chip } from '../ui/mark.tsx';
import { deviceName, ownZone } from './words.ts';

type State = 'asking' | 'unable' | 'denied' | 'off' | 'on';

const says: Record<State, string> = {
  asking: '',
  unable:
    'This browser cannot be pushed to. It needs https (or localhost); on an iPhone, add the status page to the home screen first.',
  denied:
    'You have forbidden notices of this site. Allow them in the browser’s own settings, then come back.',
  off: 'Questions come to this browser also when no page is open. They are encrypted for it alone.',
  on: 'Questions come to this browser also when no page is open. To open one decides nothing.',
};

const registered = () =>
  navigator.serviceWorker.register('/sw.js', { scope: '/status', updateViaCache: 'none' });

/** Browsers want the key as bytes. */
function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Push to the very browser this page is open in. */
export function ThisBrowser({ onChange }: { onChange: () => void }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [state, setState] = useState<State>('asking');
  const [busy, setBusy] = useState(false);
  const subscribe = useMutation(trpc.notifications.subscribe.mutationOptions());
  const unsubscribe = useMutation(trpc.notifications.unsubscribe.mutationOptions());

  const look = useCallback(async () => {
    if (!('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window))
      return setState('unable');
    if (Notification.permission === 'denied') return setState('denied');
    const registration = await navigator.serviceWorker.getRegistration('/status');
    setState((await registration?.pushManager.getSubscription()) ? 'on' : 'off');
  }, []);
  useEffect(() => void look().catch(() => setState('unable')), [look]);

  const doing = (work: () => Promise<void>) => {
    setBusy(true);
    void work()
      .catch((e: unknown) => {
        const said = refusalOf(e);
        const own =
          e instanceof DOMException ? 'The browser could not reach its push service.' : said.message;
        toast.error(own, { description: e instanceof DOMException ? e.message : said.hint });
      })
      .then(look)
      .then(onChange)
      .finally(() => setBusy(false));
  };
  const turnOn = () =>
    doing(async () => {
      if ((await Notification.requestPermission()) !== 'granted') return;
      const { publicKey } = await queries.fetchQuery(trpc.notifications.pushKey.queryOptions());
      const registration = await registered();
      const made = await registration.pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: bytesOf(publicKey),
      });
      const { endpoint, keys } = made.toJSON();
      await subscribe.mutateAsync({
        device: deviceName(navigator.userAgent),
        timeZone: ownZone(),
        subscription: {
          endpoint: endpoint ?? '',
          keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' },
        },
      });
    });
  const turnOff = () =>
    doing(async () => {
      const registration = await navigator.serviceWorker.getRegistration('/status');
      const made = await registration?.pushManager.getSubscription();
      if (!made) return;
      await unsubscribe.mutateAsync({ endpoint: made.endpoint });
      await made.unsubscribe();
    });

  return (
    <section aria-labelledby="this-browser">
      <h3 id="this-browser">This browser</h3>
      <ul className="setting-rows">
        <li>
          <span className="grow m">{says[state]}</span>
          {state === 'on' ? (
            <>
              <Chip shape="done" word="Push is on" />
              <Button small disabled={busy} onClick={turnOff}>
                Turn push off
              </Button>
            </>
          ) : state === 'off' ? (
            <Button kind="primary" disabled={busy} onClick={turnOn}>
              Turn push on
            </Button>
          ) : null}
        </li>
      </ul>
    </section>
  );
}
