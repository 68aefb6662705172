'use client';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { useTitle } from '../frame/frame.tsx';
import { useMe } from '../live/me.ts';
import { Scroll } from '../ui/scroll.tsx';
import { sections } from './sections.ts';

/** The settings: what there is to set on the left, one page of it on the right. */
export function SettingsFrame({ children }: { children: ReactNode }) {
  const path = usePathname();
  const me = useMe();
  const here = sections.find((s) => path.startsWith(s.href));
  useTitle('Settings', here?.name ?? '');
  return (
    <div className="settings">
      <nav aria-label="Settings">
        {sections
          .filter((s) => me === undefined || me.may.includes(s.needs))
          .map((s) => (
            <Link key={s.href} href={s.href} aria-current={s === here ? 'page' : undefined}>
              <strong>{s.name}</strong>
              <span className="m">{s.says}</span>
            </Link>
          ))}
      </nav>
      <Scroll className="settings-page" label={here?.name ?? 'Settings'}>
        {children}
      </Scroll>
    </div>
  );
}
