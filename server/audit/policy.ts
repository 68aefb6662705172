import { createHash } from 'node:crypto';
import { type AuditEntry, sealedText } from '#server/domain/audit.ts';

/** The seal of an entry over the seal before it. */
export function sealOf(before: string, entry: Omit<AuditEntry, 'n' | 'hash'>): string {
  return createHash('sha256')
    .update(`${before}\n${sealedText(entry)}`)
    .digest('hex');
}

const SECRET = /secret|password|token|key|code|webhook/i;

/** What was asked, fit to be kept for ever: no secrets, no long texts. */
export function loggedInput(input: unknown): Record<string, unknown> {
  if (typeof input !== 'object' || input === null) return {};
  return Object.fromEntries(
    Object.entries(input).map(([k, v]) => [
      k,
      SECRET.test(k) ? '…' : typeof v === 'string' && v.length > 300 ? `${v.slice(0, 300)}…` : v,
    ]),
  );
}
