export const dynamic = 'force-dynamic';

/** The web process lives. Says nothing about anything else; see /ready. */
export function GET(): Response {
  return Response.json({ ok: true });
}
