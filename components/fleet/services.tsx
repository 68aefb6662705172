'use client';
import type { FleetView } from '#server/domain/views/fleet.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { useNow } from '../ui/time.tsx';
import { breakerText } from './words.ts';

/** Services outside the hosts that are not asked now, and why; nothing while all of them answer. */
export function Services({ services }: { services: FleetView['services'] }) {
  const now = useNow();
  const told = services.flatMap((s) => {
    const text = breakerText(s, now);
    return text ? [{ name: s.name, text }] : [];
  });
  if (told.length === 0) return null;
  return (
    <ul className="services" aria-label="Services that are not asked now">
      {told.map((s) => (
        <li key={s.name}>
          <Mark shape="failed" /> <b>{plain(s.name)}</b> <span>{plain(s.text)}</span>
        </li>
      ))}
    </ul>
  );
}
