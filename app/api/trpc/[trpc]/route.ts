import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { API_BYTES, refuseLargeBody } from '#server/api/body.ts';
import { createContext } from '#server/api/context.ts';
import { report } from '#server/api/report.ts';
import { appRouter } from '#server/api/root.ts';

export const dynamic = 'force-dynamic';

async function handler(req: Request): Promise<Response> {
  const refused = refuseLargeBody(req, API_BYTES);
  if (refused) return refused;
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req,
    router: appRouter,
    allowMethodOverride: true,
    createContext: () => createContext(req),
    onError: ({ error, path }) => report(error, path),
  });
}

export { handler as GET, handler as POST };
