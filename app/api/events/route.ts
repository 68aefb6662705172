import { createContext } from '#server/api/context.ts';
import { liveStream } from '#server/api/feed.ts';
import { refusedResponse } from '#server/api/refused.ts';
import { requirePermission } from '#server/api/trpc.ts';

export const dynamic = 'force-dynamic';

/**
 * Every transition as server-sent events, in commit order without gaps, from `Last-Event-ID` (or `?after=`) on. A plain route,
 * because hundreds listen and each batch is written down once for all of them.
 */
export async function GET(req: Request): Promise<Response> {
  try {
    const { viewer, s, stillAllowed } = await createContext(req);
    requirePermission(viewer, 'read');
    const after = req.headers.get('last-event-id') ?? new URL(req.url).searchParams.get('after');
    const stream = liveStream(s.db, { after, stillAllowed, signal: req.signal });
    return new Response(stream, {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      },
    });
  } catch (e) {
    return refusedResponse(e);
  }
}
