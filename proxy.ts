import { type NextRequest, NextResponse } from 'next/server';
import { sessionCookieName } from '#server/api/session-cookie.ts';

/** Scripts run only with the nonce of this very answer; nothing is loaded from elsewhere and nobody may frame us. */
function contentPolicy(nonce: string): string {
  return [
    `default-src 'self'`,
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `worker-src 'self' blob:`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ');
}

/** Sends strangers to the sign-in (a courtesy: every procedure authorises itself) and adds the content policy. */
export default function proxy(req: NextRequest): NextResponse {
  const path = req.nextUrl.pathname;
  // Its content is judged by the API, never here.
  const signedIn = req.cookies.has(sessionCookieName(process.env.PORT));
  if (!signedIn && path !== '/sign-in') {
    const to = new URL('/sign-in', req.url);
    if (path !== '/') to.searchParams.set('next', path + req.nextUrl.search);
    return NextResponse.redirect(to);
  }
  const nonce = btoa(crypto.randomUUID());
  const policy = contentPolicy(nonce);
  const headers = new Headers(req.headers);
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);
  const answer = NextResponse.next({ request: { headers } });
  answer.headers.set('content-security-policy', policy);
  return answer;
}

export const config = {
  matcher: ['/((?!api/|health$|ready$|_next/|icon.svg|icons/|manifest.webmanifest|sw.js$).*)'],
};
