import { readiness } from '#server/api/ready.ts';

export const dynamic = 'force-dynamic';

/** Database, queue and one live worker are there, or which of them is not. */
export async function GET(): Promise<Response> {
  const answer = await readiness();
  return Response.json(answer, {
    status: answer.ready ? 200 : 503,
    headers: { 'cache-control': 'no-store' },
  });
}
