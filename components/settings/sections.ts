import type { Permission } from '#server/domain/permissions.ts';

/** The pages of the settings, once. */
export const sections: readonly { href: string; name: string; says: string; needs: Permission }[] = [
  { href: '/settings/you', name: 'You', says: 'Sessions and API tokens', needs: 'self' },
  {
    href: '/settings/notifications',
    name: 'Notifications',
    says: 'Push, Slack, e-mail, webhooks',
    needs: 'self',
  },
  { href: '/settings/people', name: 'People', says: 'Invitations and roles', needs: 'people' },
  { href: '/settings/safety', name: 'Safety rails', says: 'What waits for you', needs: 'read' },
];
