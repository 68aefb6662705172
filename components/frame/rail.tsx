'use client';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { CSSProperties } from 'react';
import { toggleTheme } from './theme.ts';

const rooms = [
  { href: '/', name: 'Board', icon: '--i-board', key: 'g b', match: (p: string) => p === '/' },
  {
    href: '/pipelines',
    name: 'Pipelines',
    icon: '--i-pipeline',
    key: 'g p',
    match: (p: string) => p.startsWith('/pipelines') || p.startsWith('/tasks'),
  },
  {
    href: '/queue',
    name: 'Human queue',
    icon: '--i-queue',
    key: 'g q',
    match: (p: string) => p.startsWith('/queue'),
  },
  {
    href: '/companies',
    name: 'Companies',
    icon: '--i-companies',
    key: 'g c',
    match: (p: string) => p.startsWith('/companies'),
  },
  { href: '/status', name: 'Status', icon: '--i-status', key: 'g s', match: (p: string) => p === '/status' },
];

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
  return (
    <nav className="rail" aria-label="Main">
      <Link className="logo" href="/" aria-label="ALAI, to the board">
        a
      </Link>
      {rooms.map((room) => (
        <Link
          key={room.href}
          href={room.href}
          title={`${room.name}, ${room.key}`}
          aria-label={room.href === '/queue' && needYou > 0 ? `${room.name}, ${needYou} need you` : room.name}
          aria-current={room.match(path) ? 'page' : undefined}
        >
          <Icon name={room.icon} />
          {room.href === '/queue' && needYou > 0 ? (
            <b aria-hidden="true">{needYou > 99 ? '99+' : needYou}</b>
          ) : null}
        </Link>
      ))}
      <button type="button" className="sm:hidden" aria-label="Search and commands" onClick={onSearch}>
        <Icon name="--i-find" />
      </button>
      <button
        type="button"
        className="foot"
        aria-label="Change between dark and light"
        title="Dark or light"
        onClick={toggleTheme}
      >
        <Icon name="--i-theme" />
      </button>
    </nav>
  );
}
