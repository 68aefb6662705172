export const roles = ['ceo', 'operator', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** Who asks. The role is read from the database at each request, never from the session. */
export interface Viewer {
  id: number;
  name: string;
  role: Role;
}
