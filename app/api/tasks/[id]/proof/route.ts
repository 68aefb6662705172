import { createContext } from '#server/api/context.ts';
import { proofArchive } from '#server/api/proof.ts';
import { refusedResponse } from '#server/api/refused.ts';
import { requirePermission } from '#server/api/trpc.ts';

export const dynamic = 'force-dynamic';

/** The proof of work of a task: one zip, for whoever may read the task. */
export async function GET(req: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  try {
    const { viewer, s } = await createContext(req);
    requirePermission(viewer, 'read');
    const id = Number((await params).id);
    const zip = await proofArchive(s, Number.isSafeInteger(id) && id > 0 ? id : 0);
    return new Response(Buffer.from(zip), {
      headers: {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="proof-${id}.zip"`,
        'cache-control': 'private, no-store',
      },
    });
  } catch (e) {
    return refusedResponse(e);
  }
}
