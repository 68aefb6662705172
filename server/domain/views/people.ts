import { z } from 'zod';
import { ALL_SCOPES, permissionNames, roles } from '../permissions.ts';

const at = z.date();

/** The signed-in person, and what he may do: pages show nothing that would be refused. */
export const meSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  may: z.array(z.enum(permissionNames)),
});

export const personSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  createdAt: at,
  invitedBy: z.string().nullable(),
  /** Null while the invitation was not used. */
  joinedAt: at.nullable(),
  disabledAt: at.nullable(),
  /** Until when an unused link of his signs in. */
  linkUntil: at.nullable(),
  sessions: z.number(),
  seenAt: at.nullable(),
});
export type Person = z.infer<typeof personSchema>;

export const sessionViewSchema = z.object({
  id: z.string(),
  agent: z.string(),
  createdAt: at,
  seenAt: at,
  /** The one that asks. */
  current: z.boolean(),
});
export type SessionView = z.infer<typeof sessionViewSchema>;

export const tokenScopeSchema = z.enum([...permissionNames, ALL_SCOPES]);

export const tokenViewSchema = z.object({
  id: z.number(),
  name: z.string(),
  scopes: z.array(tokenScopeSchema),
  /** Its last four characters: enough to tell it by, useless to guess it. */
  ending: z.string(),
  createdAt: at,
  lastUsedAt: at.nullable(),
  expiresAt: at.nullable(),
});
export type TokenView = z.infer<typeof tokenViewSchema>;

/** A link that signs in once. It is shown once and stored as a hash. */
export const madeLinkSchema = z.object({ userId: z.string(), url: z.string(), until: at });
export const madeTokenSchema = z.object({ id: z.number(), token: z.string() });
