import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(scrypt);
const LENGTH = 32;

/** `scrypt$salt$hash`, both in base64url. */
export async function hashPassword(password) {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, LENGTH);
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** True when the password is the one that was hashed; takes the same time either way. */
export async function verifyPassword(password, stored) {
  const [kind, salt, hash] = stored.split('$');
  if (kind !== 'scrypt') return false;
  const wanted = Buffer.from(hash, 'base64url');
  const given = await derive(password, Buffer.from(salt, 'base64url'), LENGTH);
  return timingSafeEqual(given, wanted);
}
