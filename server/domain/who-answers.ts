import { may, type Role } from './permissions.ts';
import type { EscalationKind } from './views/queue.ts';

/** Questions that are the owner's alone: what is held for him, what would be done with his rights, and his money. */
const ownersKinds: readonly EscalationKind[] = ['consent', 'safety', 'permission', 'budget'];

/** Why this person (asking with a token of these scopes, or himself) may not answer such a question; null when he may. */
export function whyNotAnswer(
  who: { role: Role; scopes: readonly string[] | null },
  kind: EscalationKind,
): string | null {
  if (!may(who.role, who.scopes, 'decide')) return `You are ${who.role}: you may look, not answer.`;
  if (who.role !== 'ceo' && ownersKinds.includes(kind))
    return 'Only the CEO may answer this: it would be done in his name.';
  return null;
}
