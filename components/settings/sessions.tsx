'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { toast } from 'sonner';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button, Tag } from '../ui/button.tsx';
import { plural } from '../ui/format.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';

/** Where the person is signed in; each can be ended. */
export function Sessions() {
  const trpc = useTRPC();
  const sessions = useQuery(trpc.me.sessions.queryOptions(undefined, { refetchOnMount: 'always' }));
  const after = {
    onSuccess: () => void sessions.refetch(),
    onError: (e: unknown) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
  };
  const end = useMutation(trpc.me.endSession.mutationOptions(after));
  const endOthers = useMutation(trpc.me.endOtherSessions.mutationOptions(after));
  const others = sessions.data?.filter((s) => !s.current).length ?? 0;
  return (
    <section aria-labelledby="sessions">
      <h3 id="sessions">
        Sessions <span className="n">{sessions.data?.length ?? ''}</span>
        {others > 0 ? (
          <Button small className="end" disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
            End {plural(others, 'other session')}
          </Button>
        ) : null}
      </h3>
      {sessions.error ? (
        <Failure error={refusalOf(sessions.error)} retry={() => void sessions.refetch()} />
      ) : (
        <ul className="setting-rows">
          {sessions.data?.map((s) => (
            <li key={s.id}>
              <span className="grow">
                <strong>{s.agent || 'Unknown device'}</strong> {s.current ? <Tag>this one</Tag> : null}
              </span>
              <span className="m">
                signed in <Age since={s.createdAt} /> ago, used <Age since={s.seenAt} /> ago
              </span>
              <Button
                small
                disabled={s.current || end.isPending}
                title={s.current ? 'Sign out from the palette (⌘ k)' : undefined}
                onClick={() => end.mutate({ id: s.id })}
              >
                End
              </Button>
            </li>
          )) ?? (
            <li>
              <Skeleton className="h-4 w-80" />
            </li>
          )}
        </ul>
      )}
      <p className="m">
        A session that is ended is out within 5 seconds, also in a tab that is open. It ends by itself after
        two weeks unused.
      </p>
    </section>
  );
}
