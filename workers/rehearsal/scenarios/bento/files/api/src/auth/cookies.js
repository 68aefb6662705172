export const COOKIE = 'bento_session';

/** The session token of a request, or an empty string. */
export function tokenOf(request) {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=');
    if (name === COOKIE) return value;
  }
  return '';
}

/** Out of reach of scripts, sent only to us; an empty token removes it. */
export function sessionCookie(token) {
  const age = token === '' ? 0 : 30 * 86_400;
  return `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=${age}`;
}
