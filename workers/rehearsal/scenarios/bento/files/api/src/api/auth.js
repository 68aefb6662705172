import { sessionCookie, tokenOf } from '../auth/cookies.js';
import { requireUser } from '../auth/guard.js';
import { hashPassword, verifyPassword } from '../auth/passwords.js';
import { HttpError, readJson, sendJson } from '../http.js';

const visible = ({ id, email, name }) => ({ id, email, name });

/** Register, sign in, sign out, who am I. */
export function authRoutes(services) {
  const { store, sessions, now } = services;

  async function register({ request, response }) {
    const { email, name, password } = await readJson(request);
    const address = addressOf(email);
    if (typeof name !== 'string' || name.trim() === '' || name.length > 100) throw new HttpError(400, 'A name is needed.');
    if (typeof password !== 'string' || password.length < 10 || password.length > 200) {
      throw new HttpError(400, 'The password needs at least 10 characters.');
    }
    const password_hash = await hashPassword(password);
    if (store.find('users', { email: address }).length > 0) throw new HttpError(409, 'This e-mail address is registered.');
    const created_at = now().toISOString();
    const user = store.insert('users', { email: address, name: name.trim(), password_hash, created_at });
    response.setHeader('set-cookie', sessionCookie(sessions.open(user.id)));
    sendJson(response, 201, visible(user));
  }

  async function signIn({ request, response }) {
    const { email, password } = await readJson(request);
    const address = addressOf(email);
    const [user] = store.find('users', { email: address });
    const right = user && typeof password === 'string' && (await verifyPassword(password, user.password_hash));
    if (!right) throw new HttpError(401, 'E-mail address or password is wrong.');
    response.setHeader('set-cookie', sessionCookie(sessions.open(user.id)));
    sendJson(response, 200, visible(user));
  }

  function signOut({ request, response }) {
    sessions.close(tokenOf(request));
    response.setHeader('set-cookie', sessionCookie(''));
    sendJson(response, 200, { signedOut: true });
  }

  return [
    { method: 'POST', path: '/api/users', handle: register },
    { method: 'POST', path: '/api/session', handle: signIn },
    { method: 'DELETE', path: '/api/session', handle: signOut },
    {
      method: 'GET',
      path: '/api/me',
      handle: ({ request, response }) => sendJson(response, 200, visible(requireUser(services, request))),
    },
  ];
}

function addressOf(email) {
  const address = typeof email === 'string' ? email.trim().toLowerCase() : '';
  if (address.length > 254 || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address)) {
    throw new HttpError(400, 'This is not an e-mail address.');
  }
  return address;
}
