import { health } from '#server/api/ready.ts';

export const dynamic = 'force-dynamic';

/** The web process lives, and can do its work: 503 with what is wrong when its database does not answer. See also /ready. */
export function GET(): Response {
  const answer = health();
  return Response.json(answer, {
    status: answer.ok ? 200 : 503,
    headers: { 'cache-control': 'no-store' },
  });
}
