'use client';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { CSSProperties } from 'react';
import { useMe } from '../live/me.ts';
import { type Room, rooms } from './rooms.ts';
import { toggleTheme } from './theme.ts';

export function Icon({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <i
      className="ic"
      aria-hidden="true"
      style={{ '--i': `var(${name})`, width: size, height: size } as CSSProperties}
    />
  );
}

/** 48 px of icons; a bar under the thumb on a phone. */
export function Rail({ needYou, onSearch }: { needYou: number; onSearch: () => void }) {
  const path = usePathname();
  const me = useMe();
  const shown = rooms.filter((r) => me === undefined || me.may.includes(r.needs));
  const way = (room: Room) => (
    <Link
      key={room.href}
      className={room.phone ? undefined : 'wide'}
      href={room.href}
      title={`${room.name}, ${room.key}`}
      aria-label={room.href === '/queue' && needYou > 0 ? `${room.name}, ${needYou} need you` : room.name}
      aria-current={room.here(path) ? 'page' : undefined}
    >
      <Icon name={room.icon} />
      {room.href === '/queue' && needYou > 0 ? (
        <b aria-hidden="true">{needYou > 99 ? '99+' : needYou}</b>
      ) : null}
    </Link>
  );
  return (
    <nav className="rail" aria-label="Main">
      <Link className="logo" href="/" aria-label="ALAI, to the board">
        a
      </Link>
      {shown.filter((r) => r.rail === 'top').map(way)}
      <button type="button" className="sm:hidden" aria-label="Search and commands" onClick={onSearch}>
        <Icon name="--i-find" />
      </button>
      <i className="foot" aria-hidden="true" />
      {shown.filter((r) => r.rail === 'foot').map(way)}
      <button
        type="button"
        aria-label="Change between dark and light"
        title="Dark or light"
        onClick={toggleTheme}
      >
        <Icon name="--i-theme" />
      </button>
    </nav>
  );
}
