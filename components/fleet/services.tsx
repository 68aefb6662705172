'use client';
import type { FleetView } from '#server/domain/views/fleet.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { useNow } from '../ui/time.tsx';
import { breakerText } from './words.ts';

/** Services outside the hosts that are not asked now, why, and what to do; nothing while all of them answer. */
export function Services({ view }: { view: Pick<FleetView, 'services' | 'troubles'> }) {
  const now = useNow();
  const told = view.services.flatMap((s) => {
    const text = breakerText(s, now);
    const trouble = view.troubles.find((x) => x.key === `model:*:${s.name}`);
    return text ? [{ name: s.name, title: trouble?.title ?? s.name, text, hint: trouble?.hint ?? '' }] : [];
  });
  if (told.length === 0) return null;
  return (
    <ul className="services" aria-label="Services that are not asked now">
      {told.map((s) => (
        <li key={s.name}>
          <Mark shape="failed" /> <b>{plain(s.title)}</b>{' '}
          <span>
            {plain(s.text)}
            {s.hint ? `. ${plain(s.hint)}` : ''}
          </span>
        </li>
      ))}
    </ul>
  );
}
