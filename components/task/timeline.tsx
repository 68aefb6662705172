'use client';
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../live/trpc.ts';
import { clock } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Skeleton } from '../ui/states.tsx';

/** What happened to the task, when and why, newest last. */
export function Timeline({ id }: { id: number }) {
  const trpc = useTRPC();
  const timeline = useQuery(trpc.tasks.timeline.queryOptions({ id }));
  const items = timeline.data ?? [];
  return (
    <section aria-label="Timeline">
      <h3 className="label mb-3">
        Timeline <span className="end font-normal">newest last</span>
      </h3>
      {timeline.data ? null : <Skeleton className="h-40" />}
      <ol className="tl">
        {items.map((item, i) => (
          <li key={item.id} className={item.look}>
            <span className="n" title={item.at.toLocaleString()}>
              {clock(item.at)}
            </span>
            <span className={`flex ${item.look === 'running' && i < items.length - 1 ? 'past' : ''}`}>
              <Mark shape={item.look} />
            </span>
            <span>{plain(item.title)}</span>
            {item.detail ? <span className="m">{plain(item.detail)}</span> : null}
          </li>
        ))}
      </ol>
    </section>
  );
}
