import type { Role } from '#server/domain/permissions.ts';

/** The roles as the screen says them. */
export const roleNames: Record<Role, string> = { viewer: 'Viewer', operator: 'Operator', ceo: 'CEO' };
