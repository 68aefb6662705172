import { HttpError } from '../http.js';
import { tokenOf } from './cookies.js';

/** The signed-in user of a request; 401 without one. */
export function requireUser({ store, sessions }, request) {
  const id = sessions.userOf(tokenOf(request));
  const user = id === null ? null : store.get('users', id);
  if (!user) throw new HttpError(401, 'Please sign in.');
  return user;
}
