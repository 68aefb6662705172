import { createHash } from 'node:crypto';
import { type AuditEntry, sealedText } from '#server/domain/audit.ts';

/** The seal of an entry over the seal before it. */
export function sealOf(before: string, entry: Omit<AuditEntry, 'n' | 'hash'>): string {
  return createHash('sha256')
    .update(`${before}\n${sealedText(entry)}`)
    .digest('hex');
}

const SECRET = /secret|password|token|key|code|webhook/i;

/** A name and a password before the host of an address. */
const CREDENTIAL = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]{1,300}@/gi;
const MOST_TEXT = 300;
const MOST_ITEMS = 50;

function fitted(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    const text = value.slice(0, 2 * MOST_TEXT).replace(CREDENTIAL, '$1…@');
    return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((v) => fitted(v, depth - 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_ITEMS)
      .map(([k, v]) => [k, SECRET.test(k) ? '…' : fitted(v, depth - 1)]),
  );
}

/** What was asked, fit to be kept for ever: no secrets at any depth, no long texts. */
export function loggedInput(input: unknown): Record<string, unknown> {
  if (typeof input !== 'object' || input === null) return {};
  return fitted(input, 4) as Record<string, unknown>;
}
