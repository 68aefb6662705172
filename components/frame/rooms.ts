import type { Permission } from '#server/domain/permissions.ts';

export interface Room {
  href: string;
  name: string;
  icon: string;
  /** Typed one after the other. */
  key: string;
  /** Who may not do this is not shown the way there. */
  needs: Permission;
  /** Where it stands in the rail; the palette knows it in any case. */
  rail: 'top' | 'foot' | null;
  /** Whether the bar under the thumb has room for it. */
  phone: boolean;
  here: (path: string) => boolean;
}

const below =
  (...starts: string[]) =>
  (path: string) =>
    starts.some((s) => path === s || path.startsWith(`${s}/`));

/** Every room of the house, once: the rail, the palette, the keys and the help are made of this. */
export const rooms: readonly Room[] = [
  {
    href: '/',
    name: 'Board',
    icon: '--i-board',
    key: 'g b',
    needs: 'read',
    rail: 'top',
    phone: true,
    here: (p) => p === '/',
  },
  {
    href: '/pipelines',
    name: 'Pipelines',
    icon: '--i-pipeline',
    key: 'g p',
    needs: 'read',
    rail: 'top',
    phone: true,
    here: below('/pipelines', '/tasks'),
  },
  {
    href: '/queue',
    name: 'Human queue',
    icon: '--i-queue',
    key: 'g q',
    needs: 'read',
    rail: 'top',
    phone: true,
    here: below('/queue', '/decisions'),
  },
  {
    href: '/decisions',
    name: 'Decisions',
    icon: '--i-queue',
    key: 'g d',
    needs: 'read',
    rail: null,
    phone: false,
    here: below('/decisions'),
  },
  {
    href: '/fleet',
    name: 'Fleet',
    icon: '--i-fleet',
    key: 'g f',
    needs: 'read',
    rail: 'top',
    phone: false,
    here: below('/fleet'),
  },
  {
    href: '/spend',
    name: 'Spend',
    icon: '--i-spend',
    key: 'g m',
    needs: 'read',
    rail: 'top',
    phone: false,
    here: below('/spend'),
  },
  {
    href: '/companies',
    name: 'Companies',
    icon: '--i-companies',
    key: 'g c',
    needs: 'read',
    rail: 'top',
    phone: false,
    here: below('/companies'),
  },
  {
    href: '/status',
    name: 'Status',
    icon: '--i-status',
    key: 'g s',
    needs: 'read',
    rail: 'top',
    phone: true,
    here: below('/status'),
  },
  {
    href: '/audit',
    name: 'Audit',
    icon: '--i-audit',
    key: 'g a',
    needs: 'audit',
    rail: 'top',
    phone: false,
    here: below('/audit'),
  },
  {
    href: '/settings/you',
    name: 'Settings',
    icon: '--i-settings',
    key: 'g ,',
    needs: 'self',
    rail: 'foot',
    phone: false,
    here: below('/settings'),
  },
];
