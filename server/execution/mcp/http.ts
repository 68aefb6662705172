import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/** An answer larger than this is cut off while it arrives. */
const MAX_ANSWER = 8 * 1024 * 1024;

/** MCP over HTTP: no redirect to elsewhere, and no answer without end. */
export function httpTransport(url: string, signal: AbortSignal): Transport {
  const bounded = async (to: string | URL, init?: RequestInit): Promise<Response> => {
    const signals = init?.signal ? AbortSignal.any([init.signal, signal]) : signal;
    const r = await fetch(to, { ...init, redirect: 'error', signal: signals });
    if (!r.body) return r;
    let bytes = 0;
    const capped = r.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.byteLength;
          if (bytes > MAX_ANSWER)
            controller.error(new Error(`the answer is larger than ${MAX_ANSWER} bytes`));
          else controller.enqueue(chunk);
        },
      }),
    );
    return new Response(capped, { status: r.status, statusText: r.statusText, headers: r.headers });
  };
  return new StreamableHTTPClientTransport(new URL(url), { fetch: bounded }) as Transport;
}
