import { createHash } from 'node:crypto';
import { AlaiError } from '#server/domain/errors.ts';
import type { Role } from '#server/domain/permissions.ts';

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Browser and system of a User-Agent header, as a person would say them: "Firefox on macOS". */
export function deviceOf(userAgent: string): string {
  const browser =
    [
      ['Edg', 'Edge'],
      ['OPR', 'Opera'],
      ['Firefox', 'Firefox'],
      ['HeadlessChrome', 'Chromium'],
      ['Chrome', 'Chrome'],
      ['Safari', 'Safari'],
    ].find(([sign]) => userAgent.includes(sign as string))?.[1] ?? '';
  const system =
    [
      ['iPhone', 'iPhone'],
      ['iPad', 'iPad'],
      ['Android', 'Android'],
      ['Mac OS X', 'macOS'],
      ['Windows', 'Windows'],
      ['Linux', 'Linux'],
    ].find(([sign]) => userAgent.includes(sign as string))?.[1] ?? '';
  return [browser, system].filter(Boolean).join(' on ') || 'Unknown device';
}

/** Throws when the change would leave nobody who may do everything: such an installation could not be mended by its people. */
export function keepAnOwner(
  person: { id: string; role: Role },
  becomes: Role | null,
  owners: string[],
): void {
  if (becomes === 'ceo' || person.role !== 'ceo') return;
  if (owners.some((id) => id !== person.id)) return;
  throw new AlaiError(
    'NOT_ALLOWED',
    'This is the last person with the role ceo.',
    'Give somebody else the role ceo first.',
  );
}
