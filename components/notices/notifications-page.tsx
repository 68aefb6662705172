'use client';
import { useQuery } from '@tanstack/react-query';
import { useMe } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Channels } from './channels.tsx';
import { Deliveries } from './deliveries.tsx';
import { ThisBrowser } from './this-browser.tsx';
import { Told } from './told.tsx';

const POLL = 3_000;

/** Where people are told of what needs them. Whoever may not see all of it sees his own. */
export function NotificationsPage() {
  const trpc = useTRPC();
  const me = useMe();
  const all = me?.may.includes('audit') ?? false;
  const often = { refetchOnMount: 'always', refetchInterval: POLL } as const;
  const list = useQuery(
    trpc.notifications.list.queryOptions(undefined, { ...often, enabled: me !== undefined && all }),
  );
  const mine = useQuery(
    trpc.notifications.mine.queryOptions(undefined, { ...often, enabled: me !== undefined && !all }),
  );
  const shown = all ? list : mine;
  const again = () => void shown.refetch();
  return (
    <>
      <header className="settings-head">
        <h2>Notifications</h2>
        <p className="m">
          Each question, and each trouble of the fleet that lasts, is told once by every channel whose rules
          let it. A link opens the card; it never decides.
        </p>
      </header>
      <ThisBrowser onChange={again} />
      {shown.error ? (
        <Failure error={refusalOf(shown.error)} retry={again} />
      ) : shown.data ? (
        <>
          <Channels channels={shown.data.channels} onChange={again} />
          <Told />
          <Deliveries
            deliveries={shown.data.deliveries}
            mayReplay={!all || (me?.may.includes('configure') ?? false)}
            onChange={again}
          />
        </>
      ) : (
        <section aria-busy="true">
          <Skeleton className="mt-9 h-11" />
          <Skeleton className="mt-2 h-11" />
        </section>
      )}
    </>
  );
}
