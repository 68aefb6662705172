import { randomUUID } from 'node:crypto';
import NextAuth from 'next-auth';
import CredentialsProvider from 'next-auth/providers/credentials';
import { leave, spendSignInCode } from '#server/api/auth.ts';
import { AUTH_BYTES, refuseLargeBody } from '#server/api/body.ts';
import { services } from '#server/api/services.ts';
import { sessionCookieName } from '#server/api/session-cookie.ts';
import { isAlaiError } from '#server/domain/errors.ts';

const week = 7 * 24 * 3600;

const handler = NextAuth({
  session: { strategy: 'jwt', maxAge: 2 * week, updateAge: 24 * 3600 },
  pages: { signIn: '/sign-in' },
  cookies: {
    sessionToken: {
      name: sessionCookieName(process.env.PORT),
      options: {
        httpOnly: true,
        sameSite: 'lax',
        path: '/',
        secure: (process.env.NEXTAUTH_URL ?? '').startsWith('https:'),
      },
    },
  },
  providers: [
    CredentialsProvider({
      id: 'code',
      name: 'One-time link',
      credentials: { code: { type: 'text' } },
      async authorize(credentials, req) {
        const code = String(credentials?.code ?? '');
        if (code.length < 8 || code.length > 200) return null;
        const from = String(req.headers?.['x-forwarded-for'] ?? 'here').slice(0, 60);
        try {
          return await spendSignInCode(services().db, code, {
            address: from,
            userAgent: String(req.headers?.['user-agent'] ?? ''),
            sessionId: randomUUID(),
          });
        } catch (e) {
          if (isAlaiError(e) && e.code === 'SIGN_IN_LINK_INVALID') return null;
          throw new Error(isAlaiError(e) ? e.code : 'INTERNAL', { cause: e });
        }
      },
    }),
  ],
  callbacks: {
    // The cookie holds two ids and nothing that could grow old.
    jwt: ({ token, user }) =>
      user
        ? { sub: user.id, sid: (user as { sessionId?: string }).sessionId }
        : { sub: token.sub, sid: token.sid },
    session: ({ session }) => ({ expires: session.expires }),
  },
  events: {
    // The cookie is only forgotten by this browser; a copy of it must be worth nothing either.
    signOut: async ({ token }) => {
      await leave(services().db, token?.sub, token?.sid);
    },
  },
});

async function post(req: Request, context: unknown): Promise<Response> {
  return refuseLargeBody(req, AUTH_BYTES) ?? (await handler(req, context));
}

export { handler as GET, post as POST };
