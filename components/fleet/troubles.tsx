'use client';
import type { FleetView } from '#server/domain/views/fleet.ts';
import { span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { useNow } from '../ui/time.tsx';
import { besideServices } from './words.ts';

/** What is wrong with the fleet and lasts, with what to do; nothing while all is well. People who were told come here to read it. */
export function Troubles({ view }: { view: Pick<FleetView, 'troubles' | 'services'> }) {
  const now = useNow();
  const told = besideServices(view);
  if (told.length === 0) return null;
  return (
    <ul className="services troubles" aria-label="What is wrong with the fleet">
      {told.map((x) => (
        <li key={x.key}>
          <Mark shape={x.severity === 'urgent' ? 'failed' : 'stale'} />
          <b>{plain(x.title)}</b>
          <span className="n m">{span(now - x.since.getTime())}</span>
          <span>
            {plain(x.why)} {plain(x.hint)}
          </span>
        </li>
      ))}
    </ul>
  );
}
