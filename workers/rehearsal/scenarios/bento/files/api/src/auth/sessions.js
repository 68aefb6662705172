import { randomBytes } from 'node:crypto';

const DAYS = 30;

/** Who is signed in. A session ends by signing out or after thirty days. */
export function createSessions({ now = () => new Date() } = {}) {
  const sessions = new Map();
  return {
    open(userId) {
      const token = randomBytes(32).toString('base64url');
      sessions.set(token, { userId, until: now().getTime() + DAYS * 86_400_000 });
      return token;
    },
    userOf(token) {
      const session = sessions.get(token);
      if (!session) return null;
      if (session.until > now().getTime()) return session.userId;
      sessions.delete(token);
      return null;
    },
    close(token) {
      sessions.delete(token);
    },
  };
}
