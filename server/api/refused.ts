import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { onTheWire, refusalOf } from './trpc.ts';

/** The answer of a plain route for whatever was thrown: our code, message and hint under the status tRPC would use. */
export function refusedResponse(thrown: unknown): Response {
  const wire = onTheWire(thrown);
  const status = wire instanceof TRPCError ? getHTTPStatusCodeFromError(wire) : 500;
  const cause = wire instanceof TRPCError ? (wire.cause ?? wire) : wire;
  return Response.json({ error: refusalOf(cause) }, { status, headers: { 'cache-control': 'no-store' } });
}
