import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { AlaiError } from '#server/domain/errors.ts';

const IV = 12;
const TAG = 16;

/** One key for each purpose, from the installation's secret: what is sealed for one cannot be opened as another. */
const keyOf = (secret: string, purpose: string) =>
  Buffer.from(hkdfSync('sha256', secret, 'alai', `sealed/1/${purpose}`, 32));

/** Text that lies in the database and may be read by this installation only (AES-256-GCM). */
export function seal(secret: string, purpose: string, text: string): Buffer {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, purpose), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

/** Throws BAD_INPUT when it was sealed with another secret or changed since. */
export function unseal(secret: string, purpose: string, sealed: Uint8Array): string {
  try {
    const bytes = Buffer.from(sealed);
    const open = createDecipheriv('aes-256-gcm', keyOf(secret, purpose), bytes.subarray(0, IV));
    open.setAuthTag(bytes.subarray(IV, IV + TAG));
    return Buffer.concat([open.update(bytes.subarray(IV + TAG)), open.final()]).toString('utf8');
  } catch (cause) {
    throw new AlaiError(
      'BAD_INPUT',
      'What is sealed in the database cannot be opened with this ALAI_AUTH_SECRET.',
      'Start with the secret it was sealed with, or enter it anew.',
      {},
      cause,
    );
  }
}
