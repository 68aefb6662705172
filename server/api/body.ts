/** The largest request of the API: two hundred tasks with ordinary descriptions fit many times. */
export const API_BYTES = 4_000_000;
/** A sign-in posts a code and a token. */
export const AUTH_BYTES = 16_000;

/**
 * The refusal of a request whose body is larger than `most`, before anything of it is read; null when it may be read. A body
 * that does not say its length is refused too: nobody of ours sends one, and it could go on for ever.
 */
export function refuseLargeBody(req: Pick<Request, 'method' | 'headers'>, most: number): Response | null {
  if (req.method === 'GET' || req.method === 'HEAD') return null;
  const length = req.headers.get('content-length');
  if (length !== null && Number(length) <= most) return null;
  const refusal =
    length === null
      ? { code: 'BAD_INPUT', message: 'The request does not say its length.', hint: 'Send content-length.' }
      : {
          code: 'BAD_INPUT',
          message: `The request has ${length} bytes; ${most} are the most.`,
          hint: 'Send less at a time.',
        };
  const status = length === null ? 411 : 413;
  const data = { code: status === 413 ? 'PAYLOAD_TOO_LARGE' : 'BAD_REQUEST', httpStatus: status, refusal };
  // In the shape of the API's other refusals, so that pages and the terminal can show it.
  const error = { json: { message: refusal.message, code: -32_600, data } };
  return Response.json({ error }, { status, headers: { connection: 'close' } });
}
