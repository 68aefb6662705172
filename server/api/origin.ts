import { AlaiError } from '#server/domain/errors.ts';
import { type Env, isLoopback, publicUrl } from '#server/platform/env.ts';

const local = (host: string) => isLoopback(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));

/**
 * Refuses what another site makes a browser send: a foreign Origin, a cross-site fetch, or (on a loopback server) a name
 * that was pointed at this machine. Requests with a bearer token carry no cookie, so no browser can be tricked into them.
 */
export function requireOwnOrigin(
  req: Pick<Request, 'headers'>,
  env: Pick<Env, 'HOST' | 'PORT' | 'ALAI_PUBLIC_URL'>,
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
  if (isLoopback(env.HOST) && host !== ours && !local(host)) throw refuse(`A page at ${host}`);
  const origin = req.headers.get('origin');
  if (
    origin !== null && origin !== 'null'
      ? new URL(origin).host !== host && new URL(origin).host !== ours
      : origin === 'null'
  )
    throw refuse(`A page at ${origin}`);
  const site = req.headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') throw refuse('Another site');
}
