import type { Keeper } from '#server/notifications/commands.ts';
import { allowedHosts } from '#server/platform/outgoing.ts';
import { secrets } from '#server/platform/secrets.ts';
import type { Services } from './services.ts';

/** What the room of notices needs of this process. */
export const keeperOf = (s: Services): Keeper => ({
  db: s.db,
  secret: secrets(s.env).authSecret,
  outgoing: { allow: allowedHosts(s.env.ALAI_WEBHOOK_ALLOW) },
});
