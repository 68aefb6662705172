/** Who may do what: roles, permissions, and the permission each procedure of the API needs. Shared with the browser. */

export const roles = ['viewer', 'operator', 'ceo'] as const;
export type Role = (typeof roles)[number];

/** What may be allowed, and how the settings say it. An API token's scopes are a list of these. */
export const permissions = {
  read: 'look at tasks, pipelines, questions and companies',
  work: 'create, edit, run, merge and take back work',
  decide: 'answer questions of the human queue',
  operate: 'stop and resume the factory and its hosts',
  configure: 'change safety rails, notifications, projects and what companies may use',
  people: 'invite people, change their roles, end their sessions',
  audit: 'read and export the audit trail',
  self: 'see and end one’s own sessions and tokens',
} as const;
export type Permission = keyof typeof permissions;
export const permissionNames = Object.keys(permissions) as Permission[];

export const rolePermissions = {
  viewer: ['read', 'self'],
  operator: ['read', 'self', 'work', 'decide', 'operate', 'audit'],
  ceo: permissionNames,
} as const satisfies Record<Role, readonly Permission[]>;

/**
 * What a token may be given: everything but to act as a person. Whoever may invite people and make links for them can come in
 * as any of them, the owner too; a token that could would be worth more than all its scopes.
 */
export type Scope = Exclude<Permission, 'self' | 'people'>;
export const tokenScopes = permissionNames.filter((p): p is Scope => p !== 'self' && p !== 'people');

/** All that the owner of a token may do; only the token that `npm start` keeps on this machine has it. */
export const ALL_SCOPES = '*';

/** Whether somebody of this role, asking with a token of these scopes (null: a session), may do it. */
export function may(role: Role, scopes: readonly string[] | null, permission: Permission): boolean {
  const byRole = (rolePermissions[role] as readonly Permission[]).includes(permission);
  if (!byRole || scopes === null || scopes.includes(ALL_SCOPES)) return byRole;
  return (tokenScopes as readonly Permission[]).includes(permission) && scopes.includes(permission);
}

/** The least role that has a permission, for refusals that say what is missing. */
export function leastRole(permission: Permission): Role {
  return roles.find((r) => (rolePermissions[r] as readonly Permission[]).includes(permission)) ?? 'ceo';
}
