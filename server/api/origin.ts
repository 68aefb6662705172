import { isIP } from 'node:net';
import { AlaiError } from '#server/domain/errors.ts';
import { type Env, isLoopback, publicUrl } from '#server/platform/env.ts';

const local = (host: string) => isLoopback(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));

/** Names this server goes by: its own address, loopback, what ALAI_HOSTS adds, and (where others may reach it) bare addresses. */
function knownHost(host: string, ours: string, env: Pick<Env, 'HOST' | 'ALAI_HOSTS'>): boolean {
  if (host === ours || local(host)) return true;
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const listed = (env.ALAI_HOSTS ?? '').split(',').map((h) => h.trim().toLowerCase());
  if (listed.includes(host.toLowerCase()) || listed.includes(name.toLowerCase())) return true;
  // Nobody can point an address of numbers elsewhere.
  return !isLoopback(env.HOST) && (name === env.HOST || isIP(name) !== 0);
}

/**
 * Refuses what another site makes a browser send: a foreign Origin, a cross-site fetch, or a name that was pointed at this
 * machine. Requests with a bearer token carry no cookie, so no browser can be tricked into them.
 */
export function requireOwnOrigin(
  req: Pick<Request, 'headers'>,
  env: Pick<Env, 'HOST' | 'PORT' | 'ALAI_PUBLIC_URL' | 'ALAI_HOSTS'>,
): void {
  if (req.headers.has('authorization')) return;
  const host = req.headers.get('host') ?? '';
  const ours = new URL(publicUrl(env as Env)).host;
  const refuse = (what: string) =>
    new AlaiError(
      'NOT_ALLOWED',
      `${what} may not use this API with your session.`,
      `Open ${publicUrl(env as Env)} in the browser.`,
    );
  if (!knownHost(host, ours, env)) throw refuse(`A page at ${host}`);
  const origin = req.headers.get('origin');
  const from = origin === null ? null : (URL.parse(origin)?.host ?? '');
  if (from !== null && (from === '' || (from !== host && from !== ours))) throw refuse(`A page at ${origin}`);
  const site = req.headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') throw refuse('Another site');
}
