import { exportInput, exportTrail } from '#server/api/audit-export.ts';
import { createContext } from '#server/api/context.ts';
import { refusedResponse } from '#server/api/refused.ts';
import { requirePermission } from '#server/api/trpc.ts';

export const dynamic = 'force-dynamic';

/** The audit trail as a file, for whoever may read it; sent as it is read. */
export async function GET(req: Request): Promise<Response> {
  try {
    const { viewer, s } = await createContext(req);
    requirePermission(viewer, 'audit');
    const { filter, format } = exportInput(new URL(req.url).searchParams);
    const lines = exportTrail(s.db, filter, format);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { value, done } = await lines.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await lines.return(undefined);
      },
    });
    return new Response(body, {
      headers: {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl; charset=utf-8',
        'content-disposition': `attachment; filename="audit.${format}"`,
        'cache-control': 'private, no-store',
      },
    });
  } catch (e) {
    return refusedResponse(e);
  }
}
