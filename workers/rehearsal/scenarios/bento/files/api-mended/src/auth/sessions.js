import { createHash, randomBytes } from 'node:crypto';

const DAYS = 30;
const digest = (token) => createHash('sha256').update(token).digest('base64url');

/**
 * Who is signed in. Only a hash of each token is kept, so that a copy of this memory signs nobody in. A session ends by
 * signing out or after thirty days.
 */
export function createSessions({ now = () => new Date() } = {}) {
  const byDigest = new Map();
  return {
    open(userId) {
      const token = randomBytes(32).toString('base64url');
      byDigest.set(digest(token), { userId, until: now().getTime() + DAYS * 86_400_000 });
      return token;
    },
    userOf(token) {
      const key = digest(token);
      const session = byDigest.get(key);
      if (!session) return null;
      if (session.until > now().getTime()) return session.userId;
      byDigest.delete(key);
      return null;
    },
    close(token) {
      byDigest.delete(digest(token));
    },
    /** What is stored, for tests that look for what must not be there. */
    storedKeys: () => [...byDigest.keys()],
  };
}
