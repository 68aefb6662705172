import { createRateLimit } from './auth/rate-limit.js';
import { createSessions } from './auth/sessions.js';
import { createStore } from './db/store.js';

/** What the routes work with; tests make their own, so that they share nothing. */
export function createServices({ now = () => new Date() } = {}) {
  return { now, store: createStore(), sessions: createSessions({ now }), signInLimit: createRateLimit({ now }) };
}
