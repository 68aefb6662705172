import { z } from 'zod';
import { roles, tokenScopes } from '#server/domain/permissions.ts';

/** How long an invitation signs in, and how long a link that the owner makes for somebody who is locked out. */
export const INVITE_HOURS = 72;
export const LINK_HOURS = 1;

const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((s) => !/[\p{Cc}\p{Cf}]/u.test(s), 'holds characters that cannot be seen');

const personName = line(60);
export const inviteSchema = z.strictObject({ name: personName, role: z.enum(roles) });
export type Invite = z.infer<typeof inviteSchema>;

export const newTokenSchema = z.strictObject({
  name: line(60),
  scopes: z.array(z.enum(tokenScopes)).min(1).max(tokenScopes.length),
  /** Days until it stops working; null never. */
  days: z.number().int().min(1).max(3_650).nullable().default(90),
});
export type NewToken = z.infer<typeof newTokenSchema>;
