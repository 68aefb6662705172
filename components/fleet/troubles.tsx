'use client';
import { CONDUCTOR_SILENT } from '#server/domain/looks.ts';
import type { FleetView } from '#server/domain/views/fleet.ts';
import { span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { useNow } from '../ui/time.tsx';
import { besideServices, watchedText } from './words.ts';

/** What is wrong with the fleet, with what to do, and what is only watched yet; nothing while all is well. People who were told come here to read it. */
export function Troubles({ view }: { view: Pick<FleetView, 'troubles' | 'watched' | 'services' | 'runs'> }) {
  const now = useNow();
  const told = besideServices(view.troubles, view);
  const watched = besideServices(view.watched, view);
  // The conductor is who writes troubles down, so that it is silent itself is no trouble of its.
  const conductor = view.runs.find((r) => r.kind === 'conductor' && r.overdue);
  if (told.length + watched.length === 0 && !conductor) return null;
  return (
    <ul className="services troubles" aria-label="What is wrong with the fleet">
      {conductor ? (
        <li>
          <Mark shape="stale" />
          <b>The conductor is not heard from</b>
          <span className="n m">{conductor.heardAt ? span(now - conductor.heardAt.getTime()) : 'never'}</span>
          <span>{CONDUCTOR_SILENT}</span>
        </li>
      ) : null}
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
      {watched.map((x) => (
        <li key={x.key}>
          <Mark shape="stale" />
          <b>{plain(x.title)}</b>
          <span className="n m">{span(now - x.since.getTime())}</span>
          <span>{watchedText(x, now)}</span>
        </li>
      ))}
    </ul>
  );
}
